package frame

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/query"
)

// Column describes a column of a frame.
type Column struct {
	Name  string // as in the frame, such as "up_bytes"
	Title string // heading of the column, such as "Sent"
	Unit  Unit
	Day   string // "baseline" or "test" for a column of [Compare], else ""

	// Entity reports whether the values name hosts, owners or countries, so that the
	// same one can be found in other tables and figures.
	Entity bool
}

// The prefixes of the columns of [Compare].
const (
	BaselineDay = "baseline"
	TestDay     = "test"
)

// columns are the titles and units of the columns of all frames. Columns with
// the same meaning have the same name in all frames.
var columns = map[string]Column{
	flow.ColTime:  {Title: "Time", Unit: Clock},
	flow.ColSrc:   {Title: "Source", Entity: true},
	flow.ColDst:   {Title: "Destination", Entity: true},
	flow.ColProto: {Title: "Protocol"},
	flow.ColPort:  {Title: "Port"},
	flow.ColUp:    {Title: "Sent", Unit: Bytes},
	flow.ColDown:  {Title: "Received", Unit: Bytes},

	flow.ColDuration:    {Title: "Duration", Unit: Duration},
	flow.ColSrcPort:     {Title: "Source port"},
	flow.ColUpPackets:   {Title: "Packets sent", Unit: Count},
	flow.ColDownPackets: {Title: "Packets received", Unit: Count},
	flow.ColState:       {Title: "State"},

	query.ColDate:       {Title: "Date"},
	query.ColPackets:    {Title: "Packets", Unit: Count},
	query.ColInternal:   {Title: "Internal"},
	"direction":         {Title: "Direction"},
	query.ColSrcCountry: {Title: "Country of source", Entity: true},
	query.ColDstCountry: {Title: "Country of destination", Entity: true},
	query.ColSrcOwner:   {Title: "Owner of source", Entity: true},
	query.ColDstOwner:   {Title: "Owner of destination", Entity: true},

	"bytes":        {Title: "Data", Unit: Bytes},
	"flows":        {Title: "Flows", Unit: Count},
	"hour":         {Title: "Hour", Unit: Hour},
	"up_down":      {Title: "Sent/received", Unit: Ratio},
	"down_up":      {Title: "Received/sent", Unit: Ratio},
	"diff":         {Title: "Distance from 1", Unit: Ratio},
	"country":      {Title: "Country", Entity: true},
	"code":         {Title: "Code"},
	"owner":        {Title: "Owner", Entity: true},
	"hosts":        {Title: "Hosts", Unit: Count},
	"clients":      {Title: "Clients", Unit: Count},
	"share":        {Title: "Share", Unit: Share},
	"role":         {Title: "Role"},
	"frequency":    {Title: "Flows per second", Unit: Ratio},
	"sources":      {Title: "Sources", Unit: Count},
	"contacted_by": {Title: "Contacted by"},
	"service":      {Title: "Service"},
	"new":          {Title: "New"},
	"ports":        {Title: "Ports", Unit: Count},
	"times":        {Title: "Times baseline", Unit: Times},
	"pace":         {Title: "Pace"},
	"countries":    {Title: "Countries", Unit: Count},

	"exchange":          {Title: "Traffic"},
	"destinations":      {Title: "Destinations", Unit: Count},
	"median_up_bytes":   {Title: "Median sent", Unit: Bytes},
	"median_down_bytes": {Title: "Median received", Unit: Bytes},
	"external_flows":    {Title: "To external resolvers", Unit: Count},
	"bytes_per_flow":    {Title: "Data per flow", Unit: Bytes},
	"gap_cv":            {Title: "Variation of gaps", Unit: Share},
	"gap_mean":          {Title: "Mean gap", Unit: Seconds},
	"hours":             {Title: "Hours with flows", Unit: Count},
	"targets":           {Title: "Hosts tried", Unit: Count},
	"unanswered":        {Title: "No answer", Unit: Count},
	"tried_ports":       {Title: "Ports"},
	"coverage":          {Title: "Half hours with flows", Unit: Share},
	"distance":          {Title: "Distance", Unit: Ratio},
	"unusual_from":      {Title: "Limit", Unit: Ratio},
	"moved":             {Title: "What changed (before)"},
	"named_by":          {Title: "Explained by"},

	"rule":     {Title: "Rule"},
	"entity":   {Title: "Device", Entity: true},
	"severity": {Title: "Severity"},
	"score":    {Title: "Score", Unit: Score},
	"attack":   {Title: "ATT&CK"},
	"summary":  {Title: "What was seen"},
	"since":    {Title: "Since"},
	"change":   {Title: "Change"},
	"was":      {Title: "Severity before"},
	"rules":    {Title: "Rules"},
	"reasons":  {Title: "Reasons"},
	"first":    {Title: "First", Unit: Clock},
	"last":     {Title: "Last", Unit: Clock},

	"ran":           {Title: "Ran"},
	"learned_days":  {Title: "Days", Unit: Count},
	"learned_hosts": {Title: "Hosts", Unit: Count},
	"unseen":        {Title: "What it could not see"},

	"peer":         {Title: "Peer", Entity: true},
	"peers":        {Title: "Peers", Unit: Count},
	"services":     {Title: "Services"},
	"asked":        {Title: "Name"},
	"conversation": {Title: "Conversation"},
	"before":       {Title: "Before"},
	"median":       {Title: "Median of all"},
	"rank":         {Title: "Rank"},

	"parameter": {Title: "Parameter"},
	"value":     {Title: "Value"},
	"input":     {Title: "Input"},
	"file":      {Title: "File"},
	"sha256":    {Title: "SHA-256"},
	"rows":      {Title: "Rows", Unit: Count},
	"rejected":  {Title: "Left out", Unit: Count},
	"reason":    {Title: "Reason"},
	"place":     {Title: "First seen"},

	"name":  {Title: "Quantity"},
	"limit": {Title: "Limit"},
	"from":  {Title: "Learned from"},
}

// Describe returns the description of a column. A column of [Compare], such as
// "test_up_bytes", has the unit of the column of one day, and the day in its
// title. An unknown column has its name as title and no unit.
func Describe(name string) Column {
	for _, day := range []string{BaselineDay, TestDay} {
		if rest, ok := strings.CutPrefix(name, day+"_"); ok {
			c := Describe(rest)
			c.Name, c.Day, c.Title = name, day, c.Title+" ("+day+")"
			return c
		}
	}
	c, ok := columns[name]
	if !ok {
		c = describeAggregate(name)
	}
	c.Name = name
	return c
}

// ColumnNames lists the columns that flows and the frames of this package have, for
// editors that complete them.
func ColumnNames() []string {
	names := append(query.Flows().Names(), slices.Collect(maps.Keys(columns))...)
	slices.Sort(names)
	return slices.Compact(names)
}

// aggregate matches the column of an aggregate, as [query.Aggregate.Name] makes it.
var aggregate = regexp.MustCompile(`^(mean|median|min|max|first|last|distinct|p\d+(?:_\d+)?)_(.+)$`)

// aggregateTitles are the words before the title of an aggregate's column.
var aggregateTitles = map[string]string{"mean": "Mean", "median": "Median", "min": "Least", "max": "Greatest", "first": "First", "last": "Last", "distinct": "Different"}

// describeAggregate describes the column of an aggregate, which has the unit of the
// column that it is computed of, or any other unknown column.
func describeAggregate(name string) Column {
	m := aggregate.FindStringSubmatch(name)
	if m == nil {
		return Column{Title: strings.ReplaceAll(name, "_", " ")}
	}
	c := Describe(m[2])
	words, ok := aggregateTitles[m[1]]
	if !ok {
		words = strings.ReplaceAll(m[1][1:], "_", ".") + " % quantile of"
	}
	if m[1] == "distinct" {
		c.Unit, c.Entity = Count, false
	}
	c.Title = words + " " + Inside(c.Title)
	return c
}

// Inside returns the title of a column for the middle of a sentence. Abbreviations keep
// their case.
func Inside(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	if size == 0 {
		return ""
	}
	if second, n := utf8.DecodeRuneInString(title[size:]); n > 0 && unicode.ToUpper(first) == first && unicode.ToUpper(second) == second {
		return title
	}
	return string(unicode.ToLower(first)) + title[size:]
}
