package aggregates

import (
	"fmt"

	"github.com/flowbook/flowbook/pkg/flow"
	"github.com/flowbook/flowbook/pkg/profile"
	"github.com/flowbook/flowbook/reportgen/internal/flowfile"
)

// conversation adds a row of the table conversations.
func (r *reader) conversation(row *flowfile.Record) error {
	f := &fields{Record: row}
	c := profile.Conversation{
		Key:    r.key(f),
		Counts: profile.Counts{Flows: f.number(cFlows, maxInt), Up: f.number(cUp, maxInt), Down: f.number(cDown, maxInt)},
		MaxUp:  f.number(cMaxUp, maxInt), MaxDown: f.number(cMaxDown, maxInt),
		First: flow.Time(f.number(cFirst, int64(flow.Day)-1)), Last: flow.Time(f.number(cLast, int64(flow.Day)-1)),
	}
	rounded := f.number(cSizesRounded, 1) == 1
	if f.err != nil {
		return f.err
	}
	seconds, secondFlows := row.Numbers(cSeconds), row.Numbers(cSecondFlows)
	sizes, sizeFlows := row.Numbers(cSizes), row.Numbers(cSizeFlows)
	if err := pairs(seconds, secondFlows, profile.SecondsPerDay-1, c.Flows); err != nil {
		return fmt.Errorf("seconds: %w", err)
	}
	if err := pairs(sizes, sizeFlows, maxInt, c.Flows); err != nil {
		return fmt.Errorf("sizes: %w", err)
	}
	r.seconds = r.seconds[:0]
	for _, s := range seconds {
		r.seconds = append(r.seconds, uint32(s))
	}
	c.Seconds = profile.SecondsOf(r.seconds...)
	c.CountHours(seconds, secondFlows)
	if err := c.CheckTimes(); err != nil {
		return err
	}
	c.Sizes = r.out.CountedSizes(sizes, sizeFlows, rounded)
	var err error
	if c.Details, err = r.details(f, c.Flows); err != nil {
		return err
	}
	r.out.AddConversation(c)
	return nil
}

// details reads what the optional columns of flows amount to.
func (r *reader) details(f *fields, flows int64) (*profile.Details, error) {
	d := &profile.Details{
		Longest: f.known(cLongest), Lasted: f.known(cLasted),
		PacketFlows: f.known(cPacketFlows), UpPackets: f.known(cUpPackets), DownPackets: f.known(cDownPackets),
	}
	durations, durationFlows := f.Numbers(cDurations), f.Numbers(cDurationFlows)
	rounded := f.known(cDurationsRounded) == 1
	for s := flow.Established; s < flow.NumStates; s++ {
		d.States[s] = f.known(cStates + int(s-flow.Established))
	}
	if f.err != nil {
		return nil, f.err
	}
	if err := pairs(durations, durationFlows, maxInt, flows); err != nil {
		return nil, fmt.Errorf("durations: %w", err)
	}
	d.Durations = r.out.CountedSizes(durations, durationFlows, rounded)
	names, nameFlows := f.Texts(cNames), f.Numbers(cNameFlows)
	if err := pairs(make([]int64, len(names)), nameFlows, maxInt, flows); err != nil {
		return nil, fmt.Errorf("names: %w", err)
	}
	var all []profile.Name
	for i, name := range names {
		if name == "" {
			return nil, fmt.Errorf("names: an empty name")
		}
		all = append(all, profile.Name{Name: name, Flows: nameFlows[i]})
		d.NamedFlows += nameFlows[i]
	}
	d.Names = profile.SampleNames(all)
	return d, nil
}
