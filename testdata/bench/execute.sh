#!/bin/sh
# Prints a table in Markdown: a notebook of ten cells run by reportgen, nbconvert and papermill. REPORTGEN is the path of
# reportgen, and VIRTUAL_ENV has the others and ipykernel. The defaults are those of this project.
here=$(cd "$(dirname "$0")" && pwd)
: "${REPORTGEN:=$here/../../.tools/bin/reportgen}"
: "${VIRTUAL_ENV:=$here/../../.tools/bench}"
export REPORTGEN VIRTUAL_ENV
exec "$VIRTUAL_ENV/bin/python" -B "$here/execute.py"
