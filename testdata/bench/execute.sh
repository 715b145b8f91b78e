#!/bin/sh
# Prints a table of Markdown: one notebook of ten cells run by reportgen, nbconvert and papermill. REPORTGEN is the
# program, and VIRTUAL_ENV has the others with ipykernel; where they are not given they are those of this project.
here=$(cd "$(dirname "$0")" && pwd)
: "${REPORTGEN:=$here/../../.tools/bin/reportgen}"
: "${VIRTUAL_ENV:=$here/../../.tools/bench}"
export REPORTGEN VIRTUAL_ENV
exec "$VIRTUAL_ENV/bin/python" -B "$here/execute.py"
