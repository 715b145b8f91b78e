package profile

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// sizeCounter adds sizes up to a distribution: one by one while they are exact,
// in a histogram once they are rounded. Its zero value is empty.
type sizeCounter struct {
	codes [sizesExact]uint32 // of the exact sizes, sorted
	flows [sizesExact]uint32 // of each of them
	n     int                // how many there are

	coarse bool
	counts [sizeBins]uint32             // of rounded sizes
	used   [(sizeBins + 63) / 64]uint64 // a bit for each that is not zero
}

// sizeBins is how many rounded sizes there are: sizeBin of the largest, and one.
const sizeBins = (63-1-mantissaBits)<<mantissaBits + 2*mantissa

// sortMost is the most sizes that cost less to sort than to count.
const sortMost = 24

// add counts flows of one size.
func (z *sizeCounter) add(code, flows uint32) {
	if z.coarse {
		z.addCoarse(code, flows)
		return
	}
	i := 0
	for i < z.n && z.codes[i] < code {
		i++
	}
	switch {
	case i < z.n && z.codes[i] == code:
		z.flows[i] = addFlows(z.flows[i], flows)
	case z.n < sizesExact:
		copy(z.codes[i+1:], z.codes[i:z.n])
		copy(z.flows[i+1:], z.flows[i:z.n])
		z.codes[i], z.flows[i] = code, flows
		z.n++
	default:
		z.round()
		z.addCoarse(code, flows)
	}
}

func (z *sizeCounter) addCoarse(code, flows uint32) {
	bin := sizeBin(code)
	z.counts[bin] = addFlows(z.counts[bin], flows)
	z.used[bin/64] |= 1 << (bin % 64)
}

// round rounds the sizes that were exact so far.
func (z *sizeCounter) round() {
	for i, code := range z.codes[:z.n] {
		z.addCoarse(code, z.flows[i])
	}
	z.n, z.coarse = 0, true
}

// addSizes adds a distribution.
func (z *sizeCounter) addSizes(s Sizes) {
	if !s.isExact() && !z.coarse {
		z.round()
	}
	for code, flows := range s.counts() {
		z.add(code, flows)
	}
}

// take appends the code of the distribution and empties it.
func (z *sizeCounter) take(b []byte) []byte {
	if !z.coarse {
		b = appendSizeCounts(b, z.codes[:z.n], z.flows[:z.n])
		z.n = 0
		return b
	}
	n := 0
	for _, w := range z.used {
		n += bits.OnesCount64(w)
	}
	b = binary.AppendUvarint(b, uint64(n)<<1|1)
	last := uint32(0)
	for i, w := range z.used {
		for ; w != 0; w &= w - 1 {
			bin := i*64 + bits.TrailingZeros64(w)
			code := binCode(bin)
			b = appendSizeCount(b, code-last, z.counts[bin])
			z.counts[bin], last = 0, code
		}
		z.used[i] = 0
	}
	z.coarse = false
	return b
}

// appendSizes appends the code of the distribution of the sizes with the given
// codes, which it may sort. The counter must be empty.
func (z *sizeCounter) appendSizes(b []byte, codes []uint32) []byte {
	if len(codes) > sortMost {
		i := 0
		for ; i < len(codes) && !z.coarse; i++ {
			z.add(codes[i], 1)
		}
		for _, code := range codes[i:] {
			z.addCoarse(code, 1)
		}
		return z.take(b)
	}
	slices.Sort(codes)
	var flows [sortMost]uint32
	n := 0
	for _, code := range codes {
		if n > 0 && codes[n-1] == code {
			flows[n-1]++
			continue
		}
		codes[n], flows[n] = code, 1
		n++
	}
	if n <= sizesExact {
		return appendSizeCounts(b, codes[:n], flows[:n])
	}
	for i, code := range codes[:n] {
		z.addCoarse(code, flows[i])
	}
	z.coarse = true
	return z.take(b)
}

// sizeBin numbers the rounded sizes in their order, eight to an octave. The
// code may be of a size that is not rounded yet.
func sizeBin(code uint32) int {
	if code >= largeSize {
		return int(code-largeSize) + mantissa
	}
	e := max(bits.Len32(code)-1-mantissaBits, 0)
	return e<<mantissaBits + int(code>>e)
}

// binCode returns the code of the rounded size with a number.
func binCode(bin int) uint32 {
	if bin < mantissa {
		return uint32(bin)
	}
	e := bin>>mantissaBits - 1
	if code := uint64(bin&(mantissa-1)+mantissa) << e; code < largeSize {
		return uint32(code)
	}
	return uint32(largeSize + bin - mantissa)
}
