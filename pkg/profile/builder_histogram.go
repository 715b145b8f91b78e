package profile

import "math/bits"

// sizeCounter counts the sizes of a conversation of many flows: as Sizes while
// they are exact, in a histogram once they are rounded. In a list, each flow of
// a busy conversation would cost a search whose branches nobody can predict.
type sizeCounter struct {
	exact  Sizes
	counts []uint32 // of rounded sizes, from bin on; nil while exact
	bin    int
}

// binsStep is by how many bins a histogram grows at least: four octaves.
const binsStep = 32

func (z *sizeCounter) add(code uint32) {
	if z.counts == nil {
		z.exact.add(code, 1)
		if !z.exact.coarse {
			return
		}
		for _, x := range z.exact.list {
			n := z.count(x.code)
			*n = addFlows(*n, x.flows)
		}
		z.exact = Sizes{}
		return
	}
	n := z.count(code)
	*n = addFlows(*n, 1)
}

// count returns the count of a rounded size, and makes room for it if need be.
func (z *sizeCounter) count(code uint32) *uint32 {
	i := sizeBin(code) - z.bin
	if uint(i) < uint(len(z.counts)) {
		return &z.counts[i]
	}
	bin := z.bin + i
	low, high := bin/binsStep*binsStep, bin/binsStep*binsStep+binsStep
	if z.counts != nil {
		low, high = min(low, z.bin), max(high, z.bin+len(z.counts))
	}
	counts := make([]uint32, high-low)
	copy(counts[max(z.bin-low, 0):], z.counts)
	z.counts, z.bin = counts, low
	return &z.counts[bin-low]
}

// sizes returns the distribution.
func (z *sizeCounter) sizes() Sizes {
	if z.counts == nil {
		return z.exact
	}
	n := 0
	for _, flows := range z.counts {
		if flows > 0 {
			n++
		}
	}
	s := Sizes{coarse: true, list: make([]sizeCount, 0, n)}
	for i, flows := range z.counts {
		if flows > 0 {
			s.list = append(s.list, sizeCount{binCode(z.bin + i), flows})
		}
	}
	return s
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
