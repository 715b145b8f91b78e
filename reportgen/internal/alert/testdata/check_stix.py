"""Checks a bundle on standard input with the STIX 2.1 validator of OASIS and prints "valid", or what is wrong."""
import io
import sys

from stix2validator import ValidationOptions, validate_string

options = ValidationOptions(version="2.1", strict=True, enforce_refs=True, disabled="all")
result = validate_string(sys.stdin.read(), options)
results = result if isinstance(result, list) else [result]
if all(r.is_valid for r in results):
    print("valid")
else:
    for r in results:
        for e in r.errors:
            print(e)
