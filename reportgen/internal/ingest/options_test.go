package ingest

import (
	"strings"
	"testing"
	"time"
)

func TestCSV(t *testing.T) {
	columns := func(more ...string) map[string]string {
		m := map[string]string{"timestamp": "Time", "src_ip": "Source", "dst_ip": "Dest", "port": "DPort", "proto": "Protocol", "up_bytes": "Sent"}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	both := columns("down_bytes", "Received")
	const head = "Time,Source,Dest,DPort,Protocol,Sent,Received\n"
	const want = " 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1000/2000"
	testFormat(t, "csv", []formatCase{
		{"ISO", Options{Map: both}, head + "2024-04-19T12:34:56.789Z,10.0.0.1,10.0.0.2,443,TCP,1000,2000\n", "2" + want + "\n"},
		{"of no zone", Options{Map: both, LogLocation: time.FixedZone("", 3600)}, head + "2024-04-19 13:34:56.789,10.0.0.1,10.0.0.2,443,6,1000,2000\n", "2" + want + "\n"},
		{"numbers of every unit", Options{Map: both}, head +
			"1713530096.789,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n" +
			"1713530096789,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n" +
			"1713530096789123,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n" +
			"1713530096789123456,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n", "2" + want + "\n3" + want + "\n4" + want + "\n5" + want + "\n"},
		{"a unit that is said", Options{Map: both, Time: "ms"}, head + "96789,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n",
			"2 1970-01-01 00:01:36.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1000/2000\n"},
		{"a form that is said", Options{Map: both, Time: "02.01.2006 15:04:05"}, head + "19.04.2024 12:34:56.789,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n" +
			"2024-04-19 12:34:56,10.0.0.1,10.0.0.2,443,tcp,1000,2000\n", "2" + want + "\n3 left out: time not readable: Time \"2024-04-19 12:34:56\"\n"},
		{"quotes, a semicolon, and numbers of dataframes", Options{Map: both}, "\"Source\";Time;Dest;Extra;DPort;Protocol;Sent;Received\r\n" +
			"\"10.0.0.1\";2024-04-19T12:34:56.789Z;10.0.0.2;\"a;\"\"b\";443.0;tcp;1000.0;NaN\r\n" +
			"10.0.0.1;2024-04-19T12:34:56.789Z;10.0.0.2;a\"b;443.0;tcp;1000.0;2000\n" +
			"10.0.0.1;2024-04-19T12:34:56.789Z;10.0.0.2;\"two\nlines\";443.0;tcp;1000.0;2000\n", `
2 2024-04-19 12:34:56.78 tcp 10.0.0.1:0 > 10.0.0.2:443 1000/0 unknown
3` + want + `
4 left out: wrong number of fields: 4 of 8 fields: "10.0.0.1;2024-04-19T12:34:56.789Z;10.0.0.2;\"two"
5 left out: wrong number of fields: 5 of 8 fields: "lines\";443.0;tcp;1000.0;2000"
`},
		{"total bytes, and no header", Options{Map: columns("total_bytes", "All", "src_port", "SPort"), Delimiter: '|',
			Fields: []string{"Time", "Source", "SPort", "Dest", "DPort", "Protocol", "Sent", "All"}},
			"1713530096.789|10.0.0.1|5|10.0.0.2|443|tcp|1000|3000\n", "1 2024-04-19 12:34:56.78 tcp 10.0.0.1:5 > 10.0.0.2:443 1000/2000\n"},
		{"one direction", Options{Map: columns("src_port", "SPort", "end", "End"), OneWay: true},
			"Time\tEnd\tSource\tSPort\tDest\tDPort\tProtocol\tSent\n1713530096.789\t1713530097.789\t10.0.0.1\t5\t10.0.0.2\t443\ttcp\t1000\n",
			"2 2024-04-19 12:34:56.78 tcp 10.0.0.1:5 > 10.0.0.2:443 1000 one-way for 100\n"},

		{"names of a flow file", Options{Map: map[string]string{"timestamp": "ts"}}, "ts,duration,src_ip,src_port,dst_ip,port,proto,up_bytes,down_bytes,label\n" +
			"1713530096.789,0.4,10.0.0.1,5,10.0.0.2,443,tcp,1000,2000,x\n", "2" + strings.Replace(want, ":0 >", ":5 >", 1) + "\n"},

		{"no map", Options{}, head, "error: missing --map: csv has no standard columns; name them, such as timestamp=Start,src_ip=SourceAddress; the names are date, down_bytes, down_packets, dst_ip, duration, end,"},
		{"map of what is no column", Options{Map: columns("colour", "x")}, head, `error: --map: unknown column "colour" of a flow file; want `},
		{"map to nothing", Options{Map: columns("down_bytes", "")}, head, "error: --map: down_bytes= without a column of the log"},
		{"map lacks", Options{Map: map[string]string{"src_ip": "a"}}, head, "error: the map of columns has no timestamp; name the column of the time, such as timestamp=Start"},
		{"map lacks bytes", Options{Map: columns()}, head, "error: line 1: missing columns of a table read with --map: down_bytes; found"},
		{"map has too many bytes", Options{Map: columns("down_bytes", "Received", "total_bytes", "x")}, head, "error: the map of columns names both down_bytes and total_bytes"},
		{"one direction without port", Options{Map: columns(), OneWay: true}, head, "error: line 1: missing columns of a table read with --map: src_port; found"},
		{"one direction with both", Options{Map: columns("down_bytes", "Received", "src_port", "x"), OneWay: true}, head, "error: rows of one direction have only up_bytes"},
		{"no such column", Options{Map: columns("down_bytes", "Got")}, head, `error: line 1: missing columns of a table read with --map: Got; found "Time", "Source",`},
		{"form of time", Options{Map: both, Time: "dd.mm.yyyy"}, head, `error: --time "dd.mm.yyyy": want a unit (s, ms, us or ns), or the time 2006-01-02 15:04:05`},
		{"date without time", Options{Map: both, Time: "2006-01-02"}, head, `error: --time "2006-01-02": want a unit`},
	})
	testFormat(t, "parquet", []formatCase{
		{"text", Options{Map: both}, head, "error: not a Parquet file; --from csv reads tables of text"},
		{"empty", Options{Map: both}, "", ""},
		{"fields", Options{Map: both, Fields: []string{"a"}}, "", "error: --fields and --delimiter are only for text with columns"},
	})
}
