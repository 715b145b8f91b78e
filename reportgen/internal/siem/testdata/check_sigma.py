"""Parses Sigma from standard input and prints what pySigma and its validators find.

The validators of ATT&CK and D3FEND tags download their lists and are left out.
"""
import sys

from sigma.collection import SigmaCollection
from sigma.validation import SigmaValidator
from sigma.validators.core import validators

rules = SigmaCollection.from_yaml(sys.stdin.read(), collect_errors=True)
for rule in rules:
    for error in rule.errors:
        print(rule.name, error)
rules.resolve_rule_references()
online = {"attacktag", "d3_fendtag"}
validator = SigmaValidator([v for name, v in validators.items() if name not in online])
for issue in validator.validate_rules(iter(rules)):
    print(issue)
print(len(rules.rules), "rules")
