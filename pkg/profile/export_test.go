package profile

// Names for the tests of package profile_test.

var Decode = decode

const DetailsVersion = detailsVersion

var ErrCorrupt = errCorrupt
var ErrVersion = errVersion

const LargestKept = largestKept
const NamesKept = namesKept

func (s Sizes) Exact() bool { return s.isExact() }
