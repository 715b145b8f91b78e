"""Validates events, one a line on standard input, as OCSF Detection Findings.

The arguments are the versions of the schema. Beside the JSON Schema, enumerated
ids are compared with their captions.
"""
import json
import sys

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

events = [json.loads(line) for line in sys.stdin]
for version in sys.argv[1:]:
    source = get_ocsf_schema(version=version)
    schema = OcsfJsonSchemaEmbedded(source).get_class_schema("detection_finding", [])
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    enums = source["classes"]["detection_finding"]["attributes"]
    for n, event in enumerate(events, 1):
        event = {**event, "metadata": {**event["metadata"], "version": version}}
        for error in validator.iter_errors(event):
            print(version, n, "/".join(map(str, error.absolute_path)), error.message[:300])
        for field in ("activity", "severity", "status"):
            caption = enums[field + "_id"]["enum"][str(event[field + "_id"])]["caption"]
            name = event.get(field + "_name", event.get(field))
            if name != caption:
                print(version, n, field, name, "is not", caption)
print(len(events), "events")
