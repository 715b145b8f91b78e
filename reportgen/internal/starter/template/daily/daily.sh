#!/bin/sh
# The daily job: imports new logs, looks for compromised devices on each day that has not
# been looked at, says what changed since the day before, and writes the day's report.
#
#   logs/      new logs, any format that reportgen import reads; imported ones stay
#   days/      flow files, one folder for each date
#   findings/  findings of each day, and the changes since the day before (DATE.md)
#   reports/   the report of each day, if there is a folder notebooks/
#
# It is safe to run again: a log is imported once, a day is looked at once, and what an
# interrupted run did not finish is done by the next. The exit status is 3 if anything
# changed, so that a scheduler can notify. Further arguments go to reportgen detect, such
# as --asn asn.mmdb or --alert https://hooks.example/siem. The service and the timer of
# systemd, and a line for cron, are beside this file.
set -eu
cd "${FLOWBOOK_PROJECT:-.}"
reportgen=${REPORTGEN:-reportgen}
mkdir -p days findings
rm -f findings/*.part

if [ -n "$(ls logs 2>/dev/null)" ]; then
	"$reportgen" import --into days logs/*
fi
status=0
before=
for day in $(ls days | sed -n 's/^date=//p' | sort); do
	if [ ! -e "findings/$day.jsonl" ]; then
		"$reportgen" detect --days days --test "$day" --coverage --format json "$@" >"findings/$day.part"
		if [ -n "$before" ]; then
			echo "$day compared with $before:"
			code=0
			"$reportgen" diff --format md "findings/$before.jsonl" "findings/$day.part" >"findings/$day.md.part" || code=$?
			case $code in
			0) ;;
			3) status=3 ;;
			*) exit $code ;;
			esac
			cat "findings/$day.md.part"
			mv "findings/$day.md.part" "findings/$day.md"
		fi
		if [ -d notebooks ]; then
			"$reportgen" run -o "reports/$day" -p "test=$PWD/days/date=$day" ${before:+-p "baseline=$PWD/days/date=$before"} notebooks
		fi
		mv "findings/$day.part" "findings/$day.jsonl" # last: the day is done
	fi
	before=$day
done
exit $status
