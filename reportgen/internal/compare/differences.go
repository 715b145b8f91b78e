package compare

// differences returns the runs in which two lists differ, by a longest common subsequence of their keys. A run may be
// empty in one of the lists.
func differences[T any](a, b []T, key func(T) string) [][2][]T {
	x, y := keys(a, key), keys(b, key)
	from := 0
	for from < min(len(x), len(y)) && x[from] == y[from] {
		from++
	}
	to := 0
	for to < min(len(x), len(y))-from && x[len(x)-1-to] == y[len(y)-1-to] {
		to++
	}
	x, y, a, b = x[from:len(x)-to], y[from:len(y)-to], a[from:len(a)-to], b[from:len(b)-to]
	if len(x)+len(y) == 0 {
		return nil
	}
	if len(x)*len(y) > 25_000_000 { // too long to align: all of it differs
		return [][2][]T{{a, b}}
	}
	longest := commonLengths(x, y)
	width := len(y) + 1
	var runs [][2][]T
	i, j := 0, 0
	for startI, startJ := 0, 0; ; {
		same := i < len(x) && j < len(y) && x[i] == y[j]
		if done := i == len(x) && j == len(y); same || done {
			if i > startI || j > startJ {
				runs = append(runs, [2][]T{a[startI:i], b[startJ:j]})
			}
			if done {
				return runs
			}
			i, j = i+1, j+1
			startI, startJ = i, j
			continue
		}
		if j == len(y) || i < len(x) && longest[(i+1)*width+j] >= longest[i*width+j+1] {
			i++
		} else {
			j++
		}
	}
}

// commonLengths returns the lengths of the longest common subsequences of x[i:] and y[j:], at i*(len(y)+1)+j.
func commonLengths(x, y []string) []int32 {
	width := len(y) + 1
	longest := make([]int32, (len(x)+1)*width)
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				longest[i*width+j] = longest[(i+1)*width+j+1] + 1
			} else {
				longest[i*width+j] = max(longest[(i+1)*width+j], longest[i*width+j+1])
			}
		}
	}
	return longest
}

func keys[T any](list []T, key func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = key(v)
	}
	return out
}
