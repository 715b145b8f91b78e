package chart

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/flowbook/flowbook/pkg/frame"
)

// draw draws a network whose nodes are placed.
func (n *network) draw(src, dst, value string) *Figure {
	p := newPlot()
	p.HideAxes()
	g := &graphPlotter{network: n, style: textStyle(ink, text.XLeft, text.YCenter)}
	g.style.YAlign = level(g.style)
	around, longest := 0, vg.Length(0)
	for _, v := range n.nodes {
		longest = max(longest, g.reach(v))
		if !v.middle {
			around++
		}
	}
	// Names around the circle need a line each; the figure's width bounds it.
	g.radius = min(max(90, rowHeight*vg.Length(around)/(2*math.Pi)*1.05), width/2-longest-2)
	for _, v := range n.nodes {
		end := (g.radius + g.reach(v)) * vg.Length(math.Sin(v.angle))
		if !v.middle {
			g.above, g.below = max(g.above, end), max(g.below, -end)
		}
	}
	g.above, g.below = max(g.above, 2*rowHeight)+rowHeight/2, max(g.below, rowHeight)+2*rowHeight
	p.Add(g)
	return &Figure{Data: n.frame(src, dst, value), Alt: n.alt(), Width: width, Height: g.above + g.below, Plots: [][]*plot.Plot{{p}}}
}

// frame returns the arrows as rows.
func (n *network) frame(src, dst, value string) frame.Frame {
	var names [][]string
	var sums []float64
	for _, e := range n.edges {
		names, sums = append(names, []string{e.from.name, e.to.name}), append(sums, e.sum)
	}
	return frame.WithFloats(frame.Texts([]string{src, dst}, names...), value, sums)
}

func (n *network) alt() string {
	var parts []string
	for _, e := range n.edges[:min(5, len(n.edges))] {
		parts = append(parts, fmt.Sprintf("%s → %s: %s", e.from.name, e.to.name, n.value.Unit.Format(e.sum)))
	}
	if len(n.edges) > 5 {
		parts = append(parts, counted(len(n.edges)-5, "other pair"))
	}
	return sentences(fmt.Sprintf("Graph of %s between %s, %s", frame.Inside(n.value.Title), counted(len(n.nodes)+max(0, n.others-1), "node"), counted(len(n.edges), "pair")), parts...)
}

// graphPlotter draws a network around the middle of its canvas, in points.
type graphPlotter struct {
	*network
	style  text.Style
	radius vg.Length
	above  vg.Length // from the middle to the top
	below  vg.Length // from the middle to the bottom
}

const nodeSize vg.Length = 3.6

func (g *graphPlotter) name(v *node) string {
	name := shortenTo(v.name, 26)
	if v.suspicious {
		name += ", suspicious"
	}
	return name
}

// reach is the length of a node and its name.
func (g *graphPlotter) reach(v *node) vg.Length { return g.style.Width(g.name(v)) + nodeSize + gap }

// Plot implements plot.Plotter.
func (g *graphPlotter) Plot(c draw.Canvas, _ *plot.Plot) {
	middle := vg.Point{X: c.Center().X, Y: c.Max.Y - g.above}
	at := func(v *node) vg.Point {
		if v.middle {
			return middle
		}
		return middle.Add(vg.Point{X: g.radius * vg.Length(math.Cos(v.angle)), Y: g.radius * vg.Length(math.Sin(v.angle))})
	}
	most := 0.0
	for _, e := range g.edges {
		most = max(most, e.sum)
	}
	for _, e := range g.edges {
		m := marked{words: e.from.name + " → " + e.to.name + ": " + exact(g.value, e.sum), entity: e.from.entity(), peer: e.to.entity()}
		mark(c, m, func() { g.arrow(c, at(e.from), at(e.to), middle, e, most) })
	}
	for _, v := range g.nodes {
		words := v.name + ": " + exact(g.value, v.sum) + " in all"
		mark(c, marked{words: words, entity: v.entity()}, func() { g.node(c, at(v), v) })
	}
	style := g.style
	style.Color, style.XAlign = pale, text.XCenter
	c.FillText(style, vg.Point{X: c.Center().X, Y: c.Min.Y + rowHeight/2}, "Width of arrows: "+frame.Inside(axisTitle(g.value, false))+", largest "+g.value.Unit.Short(most))
}

func (v *node) entity() string { return entityOf(v.column, v.name) }

func (v *node) color() color.Color {
	if v.suspicious {
		return suspiciousColor
	}
	return testColor
}

// node draws a node and its name: outwards, or above one in the middle.
func (g *graphPlotter) node(c draw.Canvas, at vg.Point, v *node) {
	c.DrawGlyphNoClip(draw.GlyphStyle{Color: v.color(), Radius: nodeSize, Shape: draw.CircleGlyph{}}, at)
	if !v.sends {
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: nodeSize - 1.2, Shape: draw.CircleGlyph{}}, at)
	}
	style := g.style
	if v.middle {
		// Arrows cross the middle; the name is below the graph's lines otherwise.
		style.XAlign = text.XCenter
		w := style.Width(g.name(v))
		at.Y += nodeSize + 7
		c.FillPolygon(color.NRGBA{R: 0xFF, G: 0xFF, B: 0xFF, A: 0xD8}, rectangle(at.X-w/2-2, at.Y-5, at.X+w/2+2, at.Y+5))
		c.FillText(style, at, g.name(v))
		return
	}
	angle := math.Mod(v.angle+4*math.Pi, 2*math.Pi)
	out := vg.Point{X: (nodeSize + gap) * vg.Length(math.Cos(angle)), Y: (nodeSize + gap) * vg.Length(math.Sin(angle))}
	style.Rotation = angle
	if angle > math.Pi/2+1e-9 && angle < 3*math.Pi/2-1e-9 { // not upside down
		style.Rotation, style.XAlign = angle-math.Pi, text.XRight
	}
	c.FillText(style, at.Add(out), g.name(v))
}

// opacity is that of arrows: the more there are, the more cross.
func (g *graphPlotter) opacity() uint8 { return uint8(min(0xB0, max(0x40, 0xB0*100/len(g.edges)))) }

// arrow draws an arrow that bends towards the middle.
func (g *graphPlotter) arrow(c draw.Canvas, from, to, middle vg.Point, e *edge, most float64) {
	share := 0.0
	if most > 0 {
		share = math.Sqrt(e.sum / most)
	}
	wide := vg.Length(0.6 + 4.4*share)
	shade := withAlpha(e.from.color(), g.opacity())
	if e.to.suspicious || e.from.suspicious {
		shade = transparent(suspiciousColor)
	}
	c.SetColor(shade)
	c.SetLineStyle(draw.LineStyle{Color: shade, Width: wide})
	var path vg.Path
	if e.from == e.to {
		away := from.Sub(middle)
		path.Move(from)
		path.CubeTo(from.Sub(away.Scale(0.3)).Add(vg.Point{X: 14, Y: 14}), from.Sub(away.Scale(0.3)).Add(vg.Point{X: -14, Y: -14}), from)
		c.Stroke(path)
		return
	}
	// Arrows in both directions bend to different sides.
	half := from.Add(to).Scale(0.5)
	side := to.Sub(from)
	bend := half.Add(middle.Sub(half).Scale(0.6)).Add(vg.Point{X: -side.Y, Y: side.X}.Scale(0.06))
	head := max(5, wide*1.6)
	length := distance(bend, to)
	if length == 0 {
		return
	}
	dir := to.Sub(bend).Scale(1 / length)
	tip := to.Sub(dir.Scale(nodeSize + 1))
	neck := tip.Sub(dir.Scale(head))
	path.Move(from)
	path.QuadTo(bend, neck)
	c.Stroke(path)
	normal := vg.Point{X: -dir.Y, Y: dir.X}.Scale(head * 0.45)
	c.FillPolygon(shade, []vg.Point{tip, neck.Add(normal), neck.Sub(normal)})
}

func distance(a, b vg.Point) vg.Length {
	return vg.Length(math.Hypot(float64(a.X-b.X), float64(a.Y-b.Y)))
}
