package profile

import (
	"cmp"
	"slices"
)

// Merge adds profiles up. It is associative and commutative, and the profile
// of an empty log is its neutral element: the bytes of the result do not depend
// on how or in which order a log was split. The arguments stay as they are, but
// the result may share memory with them.
func Merge(ps ...*Profile) *Profile {
	switch len(ps) {
	case 0:
		return &Profile{}
	case 1:
		return ps[0]
	}
	// Halving instead of folding merges n profiles in log n passes.
	a, b := Merge(ps[:len(ps)/2]...), Merge(ps[len(ps)/2:]...)
	return &Profile{
		Sources: mergeSorted(a.Sources, b.Sources,
			func(x, y *Source) int { return compareSources(*x, *y) },
			func(x, _ Source) Source { return x }),
		Rejected: mergeSorted(a.Rejected, b.Rejected,
			func(x, y *Rejected) int { return compareRejected(*x, *y) }, joinRejected),
		Hosts: mergeSorted(a.Hosts, b.Hosts,
			func(x, y *Host) int { return x.Addr.Compare(y.Addr) }, joinHosts),
		Conversations: mergeSorted(a.Conversations, b.Conversations,
			func(x, y *Conversation) int { return x.Compare(y.Key) }, joinConversations),
	}
}

// mergeSorted merges two sorted slices without duplicates; join makes one of
// two elements that compare equal.
func mergeSorted[T any](a, b []T, compare func(x, y *T) int, join func(x, y T) T) []T {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	out := make([]T, 0, distinct(a, b, compare))
	for len(a) > 0 && len(b) > 0 {
		switch c := compare(&a[0], &b[0]); {
		case c < 0:
			out, a = append(out, a[0]), a[1:]
		case c > 0:
			out, b = append(out, b[0]), b[1:]
		default:
			out, a, b = append(out, join(a[0], b[0])), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// distinct returns how many elements the merge of a and b has. Counting them
// first costs less than growing a slice of large elements.
func distinct[T any](a, b []T, compare func(x, y *T) int) int {
	n := len(a) + len(b)
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch c := compare(&a[i], &b[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			i, j, n = i+1, j+1, n-1
		}
	}
	return n
}

func compareSources(a, b Source) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SHA256, b.SHA256), cmp.Compare(a.Rows, b.Rows))
}

func compareRejected(a, b Rejected) int { return cmp.Compare(a.Reason, b.Reason) }

func comparePlaces(a, b Place) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.RowGroup, b.RowGroup),
		cmp.Compare(a.Row, b.Row),
		cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Value, b.Value),
	)
}

func joinRejected(a, b Rejected) Rejected {
	if comparePlaces(b.First, a.First) < 0 {
		a.First = b.First
	}
	a.Count = saturate(a.Count, b.Count)
	return a
}

func joinHosts(a, b Host) Host {
	largest := slices.Concat(a.Largest, b.Largest)
	slices.SortFunc(largest, compareLargest)
	return Host{
		Addr: a.Addr,
		Slots: mergeSorted(a.Slots, b.Slots,
			func(x, y *Slot) int { return cmp.Compare(x.Index, y.Index) },
			func(x, y Slot) Slot { x.Add(y.Counts); return x }),
		Largest: largest[:min(len(largest), largestKept)],
	}
}

func joinConversations(a, b Conversation) Conversation {
	a.Add(b.Counts)
	a.MaxUp, a.MaxDown = max(a.MaxUp, b.MaxUp), max(a.MaxDown, b.MaxDown)
	a.First, a.Last = min(a.First, b.First), max(a.Last, b.Last)
	for h, n := range b.Hours {
		a.Hours[h] = addFlows(a.Hours[h], n)
	}
	a.Seconds = Union(a.Seconds, b.Seconds)
	a.Sizes = AddSizes(a.Sizes, b.Sizes)
	a.Details = joinDetails(a.Details, b.Details)
	return a
}
