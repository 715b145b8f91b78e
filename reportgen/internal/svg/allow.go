package svg

import "strings"

// elements draw, group or define what is drawn. Scripts, animations, foreign
// content and everything that may load something are not among them.
var elements = set(`svg g defs symbol use title desc
	path rect circle ellipse line polyline polygon text tspan textPath image
	linearGradient radialGradient stop pattern clipPath mask marker
	filter feBlend feColorMatrix feComponentTransfer feComposite feConvolveMatrix
	feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge
	feMergeNode feMorphology feOffset feTile`)

// textual are the elements whose white space is text.
var textual = set(`text tspan textPath title desc style`)

// attributes are geometry and presentation; the latter are style properties
// too.
var attributes = set(`id class role version viewBox preserveAspectRatio transform
	x y x1 y1 x2 y2 dx dy cx cy r rx ry fx fy fr d points width height rotate
	textLength lengthAdjust startOffset pathLength refX refY orient markerWidth
	markerHeight markerUnits gradientUnits gradientTransform spreadMethod offset
	patternUnits patternContentUnits patternTransform clipPathUnits maskUnits
	maskContentUnits filterUnits primitiveUnits in in2 result mode operator type
	values stdDeviation k1 k2 k3 k4 slope intercept amplitude exponent tableValues
	radius order kernelMatrix divisor bias edgeMode
	fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray
	stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit opacity color
	stop-color stop-opacity clip-path clip-rule mask filter flood-color flood-opacity
	marker-start marker-mid marker-end display visibility overflow paint-order
	vector-effect shape-rendering text-rendering image-rendering color-interpolation
	color-interpolation-filters font-family font-size font-style font-weight
	font-variant font-stretch text-anchor text-decoration dominant-baseline
	alignment-baseline baseline-shift letter-spacing word-spacing writing-mode
	aria-label aria-hidden aria-labelledby aria-describedby`)

// styleOnly are the style properties that have no attribute of their name.
var styleOnly = set(`font line-height mix-blend-mode isolation white-space
	text-align transform-origin transform-box`)

// subjects are the attributes that name the host, owner or country that a mark of
// package chart shows. Other data attributes are removed.
var subjects = set(`data-entity data-peer`)

func set(names string) map[string]bool {
	m := map[string]bool{}
	for name := range strings.FieldsSeq(names) {
		m[name] = true
	}
	return m
}

// harmless reports whether leaving the attribute out changes nothing that a
// reader could miss.
func harmless(name string) bool {
	return strings.HasPrefix(name, "data-") || strings.HasPrefix(name, "aria-") ||
		name == "enable-background" || name == "baseProfile" || name == "contentStyleType" ||
		name == "tabindex" || name == "focusable" || name == "pointer-events" || name == "cursor" || name == "user-select"
}

// safeReference reports whether a href stays in the document: a fragment, or
// for an image a bitmap in the document itself.
func safeReference(element, value string) bool {
	value = strings.TrimSpace(value)
	if element == "image" {
		for _, media := range []string{"png", "jpeg", "jpg", "gif", "webp"} {
			if strings.HasPrefix(value, "data:image/"+media+";base64,") {
				return true
			}
		}
	}
	return strings.HasPrefix(value, "#")
}

// safeValue reports whether an attribute's or property's value refers to
// nothing outside the document: each url() names a fragment, and there is no
// CSS escape to hide one behind.
func safeValue(value string) bool {
	lower := strings.ToLower(value)
	if strings.ContainsAny(lower, "\\@{}<") || strings.Contains(lower, "javascript:") ||
		strings.Contains(lower, "expression(") || strings.Contains(lower, "image(") ||
		strings.Contains(lower, "image-set(") || strings.Contains(lower, "src(") || strings.Contains(lower, "/*") {
		return false
	}
	for rest := lower; ; {
		_, after, found := strings.Cut(rest, "url(")
		if !found {
			return true
		}
		if !strings.HasPrefix(strings.TrimLeft(after, " \t\r\n\"'"), "#") {
			return false
		}
		rest = after
	}
}

// safeStyle reports whether a style sheet loads nothing.
func safeStyle(sheet string) bool {
	lower := strings.ToLower(sheet)
	for _, bad := range []string{"\\", "@", "<", "image(", "image-set(", "src(", "expression(", "javascript:"} {
		if strings.Contains(lower, bad) {
			return false
		}
	}
	return safeValue(strings.NewReplacer("{", " ", "}", " ", "/*", " ").Replace(lower))
}
