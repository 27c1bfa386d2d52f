# SPDX-License-Identifier: Apache-2.0
"""The odds of words after a prompt, for programs that must not load the model themselves.

Reads JSON lines {"prompt": …, "words": […]} and answers each with {"odds": […], "seconds": …}.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence

from swarm_agent.planner.local_model import LocalModel, check_model, find_model
from swarm_config.errors import ConfigError


def main(argv: Sequence[str] | None = None) -> int:
    """Answer until the input ends; 2 means that there is no model."""
    parser = argparse.ArgumentParser(prog='word_odds', description=__doc__)
    parser.add_argument('--model', default='', metavar='FILE', help='GGUF file')
    options = parser.parse_args(argv)
    try:
        check_model(options.model)
        model = LocalModel(find_model(options.model))
    except ConfigError as error:
        sys.stderr.write(f'{error}\n')
        return 2
    for line in sys.stdin:
        asked = json.loads(line)
        start_s = time.monotonic()
        odds = model.next_word(asked['prompt'], tuple(asked['words']))
        answer = {'odds': odds, 'seconds': time.monotonic() - start_s}
        sys.stdout.write(json.dumps(answer) + '\n')
        sys.stdout.flush()
    return 0


if __name__ == '__main__':
    sys.exit(main())
