package evaluation

import (
	"fmt"
	"io"

	"github.com/flowbook/flowbook/pkg/detect"
)

// changeRank is how a world's planted hosts rank among all internal hosts by how
// much they changed, whatever they were planted for.
type changeRank struct {
	hosts   int // ranked
	planted int // of these, those for which anything is planted; k of the precision at k
	hits    int // planted hosts among the first k
	unusual int // planted hosts beyond the limit
	wrong   int // others beyond the limit, at any severity
}

// rankChanges ranks the hosts of a result before any rule's name is taken into
// account.
func rankChanges(r detect.AnomalyResult, t Truth) changeRank {
	planted := map[string]bool{}
	for _, p := range t.Planted {
		planted[p.Entity] = true
	}
	c := changeRank{hosts: len(r.Hosts)}
	for _, h := range r.Hosts {
		if planted[h.Src.String()] {
			c.planted++
		}
	}
	for _, h := range r.Hosts[:c.planted] {
		if planted[h.Src.String()] {
			c.hits++
		}
	}
	for _, f := range r.Findings {
		if planted[f.Entity.String()] {
			c.unusual++
		} else {
			c.wrong++
		}
	}
	return c
}

func (c *changeRank) add(o changeRank) {
	c.hosts += o.hosts
	c.planted += o.planted
	c.hits += o.hits
	c.unusual += o.unusual
	c.wrong += o.wrong
}

const changesIntroduction = `
### Hosts that changed most

Nothing is planted for the rule host-anomaly, which detects changes that no other rule names. It
ranks all internal hosts by how much they changed, and the hosts that are planted for any rule
should rank first: P@k is their share of the first k hosts, where k is the number of planted ones.
Unusual is the number of planted hosts beyond the limit, including those that another rule names.
Others are hosts beyond the limit, at any severity, that are planted for no rule; their alerts count
as false alarms in all tables.

`

// writeChanges writes how planted hosts rank by how much they changed, at each
// strength.
func writeChanges(w io.Writer, strengths []string, outcomes [][]worldOutcome) {
	fmt.Fprint(w, changesIntroduction)
	t := markdownTable{head: []string{"strength", "hosts", "planted", "P@k", "unusual", "others", "share of others"}}
	for i, s := range strengths {
		var sum changeRank
		for _, o := range outcomes[i] {
			sum.add(o.changes)
		}
		t.add("× "+s, fmt.Sprint(sum.hosts), fmt.Sprint(sum.planted), quotient{sum.hits, sum.planted}.String(),
			fmt.Sprint(sum.unusual), fmt.Sprint(sum.wrong), percentOf(sum.wrong, sum.hosts-sum.planted))
	}
	t.write(w)
}
