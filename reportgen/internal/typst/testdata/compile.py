"""The command line of Typst, as far as reportgen uses it, for the package typst of PyPI."""

import argparse
import importlib.metadata
import sys

import typst

if sys.argv[1:] == ["--version"]:
    print("typst", importlib.metadata.version("typst"))
    sys.exit()
parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["compile"])
parser.add_argument("--root")
parser.add_argument("--ignore-system-fonts", action="store_true")
parser.add_argument("--creation-timestamp", type=int)
parser.add_argument("--pdf-standard")
parser.add_argument("source")
parser.add_argument("out")
args = parser.parse_args()
try:
    typst.compile(args.source, output=args.out, root=args.root, ignore_system_fonts=args.ignore_system_fonts,
                  pdf_standards=args.pdf_standard.split(","), timestamp=args.creation_timestamp)
except typst.TypstError as e:
    sys.exit("error: " + str(e))
