#!/usr/bin/env bash
# From a fresh clone to tested: make the environment, check the code, run the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

scripts/install --dev
scripts/check
scripts/test
