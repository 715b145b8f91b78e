#!/bin/sh
# The daily job: imports new logs, runs the detections on each new day, prints what changed
# since the previous day, and writes the report of the day.
#
#   logs/      new logs, any format that reportgen import reads; imported ones stay
#   days/      flow files, one folder for each date
#   findings/  findings of each day, and the changes since the day before (DATE.md)
#   reports/   the report of each day, if there is a folder notebooks/
#
# It is safe to run again: each log is imported once and each day examined once, and the
# next run finishes what an interrupted one left. A log or a day that cannot be read, or a
# receiver of alerts that is down, does not stop the others. The exit status is that of a
# failure, or 3 if anything changed, so that a scheduler can notify. Further arguments go to
# reportgen detect, such as --asn asn.mmdb or --alert https://hooks.example/siem. The service
# and the timer of systemd, and a line for cron, are beside this file.
set -eu
cd "${FLOWBOOK_PROJECT:-.}"
reportgen=${REPORTGEN:-reportgen}
mkdir -p days findings
rm -f findings/*.part
failed=0

if [ -n "$(ls logs 2>/dev/null)" ]; then
	"$reportgen" import --into days logs/* || for log in logs/*; do
		"$reportgen" import --into days "$log" || failed=$?
	done
fi
status=0
before=
for day in $(ls days | sed -n 's/^date=//p' | sort); do
	if [ ! -e "findings/$day.jsonl" ]; then
		code=0
		"$reportgen" detect --days days --test "$day" --coverage --format json "$@" >"findings/$day.part" || code=$?
		case $code in
		0) ;;
		1) failed=1 ;; # alerts are kept for the next time, or --fail-on
		130) exit $code ;;
		*)
			failed=$code
			continue
			;;
		esac
		if [ -n "$before" ]; then
			echo "$day compared with $before:"
			code=0
			"$reportgen" diff --format md "findings/$before.jsonl" "findings/$day.part" >"findings/$day.md.part" || code=$?
			case $code in
			0) ;;
			3) status=3 ;;
			*) failed=$code ;;
			esac
			cat "findings/$day.md.part"
			mv "findings/$day.md.part" "findings/$day.md"
		fi
		if [ -d notebooks ]; then
			: >"findings/$day.unreported"
		fi
		mv "findings/$day.part" "findings/$day.jsonl" # last: the day is done
	fi
	if [ -e "findings/$day.unreported" ]; then
		if "$reportgen" run -o "reports/$day" -p "test=$PWD/days/date=$day" -p "baseline=${before:+$PWD/days/date=$before}" notebooks; then
			rm "findings/$day.unreported"
		else
			failed=$?
		fi
	fi
	before=$day
done
if [ $failed -ne 0 ]; then
	exit $failed
fi
exit $status
