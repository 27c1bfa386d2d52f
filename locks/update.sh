#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Resolve locks/*.in anew, for CPython 3.10 to 3.14 at once; a version differs by Python only where
# its project has dropped the older one (marker behind the version). Needs uv on PATH.
set -euo pipefail
cd "$(dirname "$0")"
whole=$(mktemp)
trap 'rm -f "$whole"' EXIT
compile() { uv pip compile --quiet --universal --python-version 3.10 --no-header --no-annotate "$@"; }
compile ./*.in --output-file "$whole"
for wanted in *.in; do
    compile --generate-hashes --constraints "$whole" "$wanted" --output-file "${wanted%.in}.lock"
done
