package rendertest

import (
	"encoding/base64"
	"strings"
)

// hostile is what each payload tries to run.
const hostile = `document.title='pwned'`

// Payloads are attempts to run a script or to fetch something, as a notebook, a name or a parameter may hold them.
func Payloads() []string { return append(plainPayloads(), letThroughPayloads()...) }

// letThroughPayloads are attempts by the ways that HTML of notebooks, pictures, media, links, frames, formulas and directives are
// let through. Many are published vectors of mutation: markup that a sanitizer and a browser parse differently.
func letThroughPayloads() []string { //nolint:funlen // a list
	svg := func(inside string) string {
		return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">` + inside + `</svg>`
	}
	encoded := func(mime, content string) string {
		return "data:" + mime + ";base64," + base64.StdEncoding.EncodeToString([]byte(content))
	}
	const handler = `<img src=x onerror="` + hostile + `">`
	const script = `<script>` + hostile + `</script>`
	all := []string{
		// Pictures.
		`<img/src=x/onerror=` + hostile + `>`,
		"<img\nsrc=x\tonerror\n=\n" + hostile + `>`,
		"<img src=x onerror\x0c=" + hostile + `>`,
		`<img src="x` + "`" + ` ` + script + "`" + ` onerror=` + hostile + `>`,
		`<img src=x:x alt=x onerror=` + hostile + `//`,
		`<img """><script>` + hostile + `</script>">`,
		`<img src="data:image/svg+xml;base64,` + base64.StdEncoding.EncodeToString([]byte(svg(script))) + `" alt="x">`,
		`<img src="` + encoded("text/html", script) + `" alt="x">`,
		`<img src="` + encoded("image/png", "<html>"+script) + `" alt="x">`,
		`<img src="DATA:IMAGE/SVG+XML,%3Csvg onload=` + hostile + `%3E" alt="x">`,
		`<img src="data:image/svg+xml;charset=utf-7,+ADw-script+AD4-" alt="x">`,
		`<img srcset="https://example.org/a.png 1x" src="https://example.org/b.png" alt="x" lowsrc="https://example.org/c.png" dynsrc="https://example.org/d.png">`,
		`<img src="//example.org/x.png" alt="x"><img src="\\example.org\x.png" alt="x"><img src="https:example.org" alt="x">`,
		`<img alt="x" src="attachment:../../../etc/passwd"><img alt="x" src="attachment:">`,
		`<img alt="x" width="100%&quot; onload=&quot;` + hostile + `" height="1;url(x)" align="left&quot; onclick=&quot;x" src="` + encoded("image/gif", "GIF89a\x01\x00\x01\x00\x00\x00\x00;") + `">`,
		`<img alt="--><script>` + hostile + `</script><!--" src="` + encoded("image/gif", "GIF89a\x01\x00\x01\x00\x00\x00\x00;") + `">`,
		`<picture><source srcset="https://example.org/x.webp"><source src="x" onerror="` + hostile + `"><img src="https://example.org/y.png" onerror="` + hostile + `"></picture>`,
		`<image src=x onerror="` + hostile + `"><image href="https://example.org/x.png">`,
		`<input type="image" src="https://example.org/x.png" onerror="` + hostile + `">`,
		`![x](data:text/html;base64,PHNjcmlwdD4=) ![x](javascript:` + hostile + `) ![x](vbscript:x) ![x](file:///etc/passwd)`,
		`![x](<data:image/svg+xml,` + svg(`<script>`+hostile+`</script>`) + `>){width="1px\" onload=\"` + hostile + `" .x #y}`,
		`![" onerror="` + hostile + `](x.png "` + `' onload='` + hostile + `")`,
		// Ids, names and classes.
		`<a id="x&quot; onmouseover=&quot;` + hostile + `">a</a><a name="javascript:` + hostile + `">b</a>`,
		`<form id="document"><input name="title"></form><img name="title" id="cookie"><a id="getElementById">a</a>`,
		`<a id="__proto__"></a><a id="constructor"></a><div id="search"></div><div id="report"></div><div id="summary"></div>`,
		"<p id=\"a\u2028b\">a</p><p id=\"\x00x\">b</p><p id='a b' class='x\" onclick=\"" + hostile + "'>c</p>",
		`<div class="alert alert-info" style="position:absolute;top:0;left:0;width:100vw;height:100vh">covers</div>`,
		`<div class="alert" style="margin:-99em;transform:scale(99);z-index:9">covers</div>`,
		// Figures and details.
		`<figure onclick="` + hostile + `"><figcaption onfocus="` + hostile + `" tabindex=1 autofocus>c</figcaption>` + handler + `</figure>`,
		`<details open ontoggle="` + hostile + `"><summary onclick="` + hostile + `">` + script + `</summary>` + handler + `</details>`,
		`<details></details></div></main></body><details open ontoggle=` + hostile + `>`,
		`<summary></details></details></details></section></article>` + script,
		`<dialog open onclose="` + hostile + `">x</dialog><menu onclick=x></menu><slot name=x></slot><template>` + script + `</template>`,
		`<div popover onbeforetoggle="` + hostile + `">x</div><button popovertarget=x>y</button>`,
		`<marquee onstart="` + hostile + `">x</marquee><blink onclick=x>y</blink><isindex action="javascript:` + hostile + `" type=image>`,
		`<body onload="` + hostile + `"><html onmouseover="` + hostile + `"><head><title>pwned</title></head>`,
		`<frameset onload="` + hostile + `"><frame src="javascript:` + hostile + `"></frameset>`,
		`<div contenteditable onblur="` + hostile + `" autofocus tabindex=0 accesskey=x onfocus="` + hostile + `">x</div>`,
		`<select autofocus onfocus="` + hostile + `"><option>x</option></select><textarea autofocus onfocus="` + hostile + `">`,
		`<keygen autofocus onfocus="` + hostile + `"><bgsound src="javascript:` + hostile + `"><layer src="https://example.org/x.js">`,
		// Media.
		`<video src=x onerror="` + hostile + `" poster="https://example.org/x.png" autoplay></video>`,
		`<video poster=javascript:` + hostile + `//><source onerror="` + hostile + `"></video>`,
		`<audio src="` + encoded("text/html", script) + `" controls onloadstart="` + hostile + `">x</audio>`,
		`<audio autoplay><source src="https://example.org/s.mp3" onerror="` + hostile + `"><track src="https://example.org/t.vtt" default></audio>`,
		`<video src="` + encoded("video/mp4", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom") + `" width="1&quot; onplay=&quot;` + hostile + `"><b>` + script + `</b></video>`,
		`<video><svg><script>` + hostile + `</script></svg></video><audio><img src=x onerror=` + hostile + `></audio>`,
		`<video src="a.mp4"></audio><audio></video>` + script,
		// Inline SVG.
		svg(`<script href="data:text/javascript,` + hostile + `"/>`),
		svg(`<script xlink:href="https://example.org/x.js"/>`),
		svg(`<set attributeName="onmouseover" to="` + hostile + `"/><animate attributeName="href" values="javascript:` + hostile + `"/>`),
		svg(`<a xlink:href="javascript:` + hostile + `"><circle r="4"/></a><a href="javascript&colon;` + hostile + `"><text>x</text></a>`),
		svg(`<use href="https://example.org/x.svg#a"/><use xlink:href="data:image/svg+xml;base64,` + base64.StdEncoding.EncodeToString([]byte(svg(`<g id="x"><script>`+hostile+`</script></g>`))) + `#x"/>`),
		svg(`<image href="https://example.org/x.png"/><feImage href="https://example.org/y.png"/><filter id="f"><feImage xlink:href="https://example.org/z.svg"/></filter>`),
		svg(`<foreignObject><iframe src="javascript:` + hostile + `"/>` + handler + `</foreignObject>`),
		svg(`<style>@import url(https://example.org/x.css); * { fill: url(https://example.org/#x); background: url(https://example.org/y) }</style><rect width="9" height="9"/>`),
		svg(`<style><![CDATA[</style>` + script + `<style>]]></style>`),
		svg(`<rect style="fill:url(https://example.org/x#y);mask:url(https://example.org/m)" filter="url(https://example.org/f#f)" width="9" height="9"/>`),
		svg(`<handler xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="load">` + hostile + `</handler><discard onbegin="` + hostile + `"/>`),
		svg(`<text><tspan onclick="` + hostile + `">x</tspan></text><title>` + handler + `</title><desc>` + script + `</desc><metadata>` + script + `</metadata>`),
		`<svg/onload=` + hostile + `><svg><svg><svg onload="` + hostile + `"></svg></svg>`,
		`<svg><p><style><!--</style><img src=x onerror=` + hostile + `>--></style>`,
		`<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd"><!ENTITY y "<script>` + hostile + `</script>">]>` + svg(`<text>&x;&y;</text>`),
		`<?xml version="1.0"?><?xml-stylesheet href="https://example.org/x.xsl" type="text/xsl"?>` + svg(`<circle r="1"/>`),
		`<svg><a><rect width="9" height="9"/><animate attributeName=href values=javascript:` + hostile + ` /></a></svg>`,
		// Mutations.
		`<math><mi//xlink:href="data:x,` + script + `"><mtext></mtext></math>`,
		`<math><mtext><table><mglyph><style><math><img src onerror=` + hostile + `>`,
		`<math><mtext><table><mglyph><svg><mtext><textarea><path id="</textarea><img onerror=` + hostile + ` src=1>">`,
		`<math><annotation-xml encoding="text/html"><style><img src=x onerror=` + hostile + `></style></annotation-xml></math>`,
		`<math href="javascript:` + hostile + `">x</math><math><maction actiontype="statusline#https://example.org" xlink:href="javascript:` + hostile + `">x</maction></math>`,
		`<form><math><mtext></form><form><mglyph><style></math><img src onerror=` + hostile + `>`,
		`<svg></p><style><a id="</style><img src=1 onerror=` + hostile + `>">`,
		`<svg><style><a id="</style><img src=1 onerror=` + hostile + `>"></a></style></svg>`,
		`<noscript><style></noscript><img src=x onerror=` + hostile + `></style></noscript>`,
		`<noembed><img title="</noembed><img src onerror=` + hostile + `>"></noembed><noframes><a title="</noframes><img src onerror=` + hostile + `>">`,
		`<xmp><p title="</xmp><svg/onload=` + hostile + `>"></xmp><plaintext>` + script,
		`<title><a title="</title><img src onerror=` + hostile + `>"></title><textarea><a title="</textarea><img src onerror=` + hostile + `>">`,
		`<iframe><p title="</iframe><img src onerror=` + hostile + `>"></iframe>`,
		`<template><s><template><s><img src=x onerror=` + hostile + `>@</s></template></s></template>`,
		`<select><template><img src=x onerror=` + hostile + `></template></select><select><style><</style></select><svg><style>` + script + `</style></svg>`,
		`<table><td><form><table><style>*{}</style><a title="</style>` + handler + `">`,
		`<a href="x"><table><a href="javascript:` + hostile + `">y</a></table></a>`,
		`<p><svg><desc><p><style><a id="</style>` + handler + `">`,
		`<!--><img src=x onerror=` + hostile + `>--><!---><img src=x onerror=` + hostile + `>--><!-- --!><img src=x onerror=` + hostile + `>`,
		`<![CDATA[><img src=x onerror=` + hostile + `>]]><?php ><img src=x onerror=` + hostile + `> ?></ ><img src=x onerror=` + hostile + `>`,
		"<\x00script>" + hostile + "</script><scr\x00ipt>" + hostile + "</script><script\x0b>" + hostile + "</script>",
		`<<script>` + hostile + `//<</script><script/x>` + hostile + `</script/x><script` + "\n" + `>` + hostile + `</script >`,
		`&lt;script&gt;` + hostile + `&lt;/script&gt; &#60;img src=x onerror=` + hostile + `&#62; \<script>` + hostile + `</script>`,
		`<b <script>` + hostile + `</script>>x</b <img src=x onerror=` + hostile + `>>`,
		`<div title="<img src=x onerror=` + hostile + `>" data-x='"><script>` + hostile + `</script>'>x</div>`,
		`<p style="color: red; background: url(&quot;https://example.org/x&quot;)">x</p><p style="co\6cor: expression(x); behavior: url(x)">y</p>`,
		`<p style="width: calc(1px + env(x)); background-image: image-set('https://example.org/x.png' 1x)">x</p>`,
		`<p style="font-family: x;}</style><script>` + hostile + `</script>">x</p><p style="border: 1px url(https://example.org/b)">y</p>`,
		`<font face="x; background: url(https://example.org/x)" color="red; background: url(https://example.org/y)" size="+9">x</font>`,
		// Backgrounds and old attributes.
		`<table background="https://example.org/x.png" bgcolor="red&quot; onclick=&quot;x"><td background="javascript:` + hostile + `">x</td></table>`,
		`<body background="https://example.org/x.png"><hr color="url(https://example.org/y)" align="x;y"><td bgcolor="expression(x)">`,
		`<div style="background: red url(//example.org/x.png)">x</div><div style='list-style: url("https://example.org/y")'>y</div>`,
		// Links.
		"<a href=\"java\tscript:" + hostile + "\">x</a><a href=\" \x01javascript:" + hostile + "\">y</a><a href='JaVaScRiPt:" + hostile + "'>z</a>",
		`<a href="data:text/html,` + script + `">x</a><a href="vbscript:x">y</a><a href="blob:x">z</a><a href="file:///etc/passwd">w</a>`,
		`<a href="https://example.org/" ping="https://example.org/ping" download="x" target="_blank&quot; onclick=&quot;` + hostile + `">x</a>`,
		`<area href="javascript:` + hostile + `" shape=default><map name=x><area href="javascript:` + hostile + `"></map>`,
		`[x](data:text/html;base64,PHNjcmlwdD4=) [y](javas&#99;ript:` + hostile + `) [z](JAVASCRIPT:` + hostile + ` "t") [w](\x01javascript:` + hostile + `)`,
		`[x]: javascript:` + hostile + ` "t"` + "\n\n[x] ![x] <javascript://%0a" + hostile + "> <data:text/html,x>",
		`[x](../../../../etc/passwd) [y](//example.org/x) [z](file:///etc/passwd) [w](.env) [v](%2e%2e/%2e%2e/etc/passwd)`,
		`[x](#"onmouseover="` + hostile + `) [` + script + `](#a) [y](<#a"><script>` + hostile + `</script>>)`,
		// Frames.
		`<iframe srcdoc="&lt;script&gt;parent.` + hostile + `&lt;/script&gt;" src="https://example.org/"></iframe>`,
		`<iframe src="data:text/html,` + script + `"></iframe><iframe src="//example.org"></iframe><iframe src="x.html" onload="` + hostile + `"></iframe>`,
		`<object data="data:text/html,` + script + `"><param name="src" value="javascript:` + hostile + `"></object><embed src="data:image/svg+xml,` + svg(script) + `">`,
		`<object classid="clsid:x" codebase="https://example.org/x.cab"></object><applet code="x" archive="https://example.org/x.jar"></applet>`,
		`<iframe src="https://example.org/"><script>` + hostile + `</script></iframe><iframe/src="javascript:` + hostile + `"/>`,
		`<portal src="https://example.org/"></portal><fencedframe></fencedframe><webview src="https://example.org/"></webview>`,
		// Documents and resources.
		`<meta charset="utf-7"><meta http-equiv="Set-Cookie" content="x"><meta http-equiv="Content-Security-Policy" content="script-src *">`,
		`<link rel="preload" as="script" href="https://example.org/x.js"><link rel="dns-prefetch" href="//example.org"><link rel="import" href="x">`,
		`<style>body{background:url("https://example.org/x")}</style><style>@font-face{font-family:x;src:url(https://example.org/f)}</style>`,
		`<base href="https://example.org/"><a href="x">y</a><base target="x">`,
		// Formulas within HTML.
		`<p>$\text{<script>` + hostile + `</script>}$</p><td>$x<img src=x onerror=` + hostile + `>$</td>`,
		`<p>$&lt;img src=x onerror=` + hostile + `&gt;$ \(\text{&lt;/math&gt;&lt;script&gt;` + hostile + `&lt;/script&gt;}\)</p>`,
		`<summary>$\href{javascript:` + hostile + `}{x} \url{javascript:` + hostile + `} \includegraphics{https://example.org/x.png}$</summary>`,
		`<td>$\htmlClass{x" onclick="` + hostile + `}{y} \style{background:url(https://example.org/x)}{z} \htmlId{x"><script>` + hostile + `</script>}{w}$</td>`,
		`<script>$x$` + hostile + `</script><style>$x$ * { background: url(https://example.org/x) } $y$</style>`,
		`<noscript>$x$</noscript><img src=x onerror=` + hostile + `><noembed>$x$<p title="</noembed>` + handler + `">$y$`,
		`<textarea>$x$</textarea>` + handler + `<title>$x$</title><xmp>$x$` + script + `</xmp>`,
		`<math>$x$<mtext>$y$` + handler + `</mtext></math><svg><style>$x$</style>$y$` + handler + `</svg>`,
		`<div title="$x$"` + "\n" + `onclick="$y$ ` + hostile + `">$"><script>` + hostile + `</script>$</div>`,
		`<p>$$\begin{align}<script>` + hostile + `</script>\end{align}$$ \[<img src=x onerror=` + hostile + `>\]</p>`,
		`<p>$\def\x{\x\x}\x$ $\unicode{x3c}script\unicode{x3e}$ $\char"3C$</p>`,
		`<!-- $x$ --><img src=x onerror=` + hostile + `><!-- $ --> <script>` + hostile + `</script> <!-- $ -->`,
		`<a href="$javascript:` + hostile + `$">$x$</a><table>$x$<tr>$y$<script>` + hostile + `</script></table>`,
		"<code>$x$" + script + "</code> `$x$" + script + "` <pre>$x$" + script + "</pre>",
		// Directives, tables and roles.
		":::{note} " + script + "\n" + handler + "\n:::\n\n::: {.callout-note title=\"<img src=x onerror=" + hostile + ">\"}\n" + script + "\n:::",
		"::: {." + `x" onclick="` + hostile + `} ` + "\ntext\n:::\n\n:::" + script + "\n:::",
		"+---+---+\n| <img src=x onerror=" + hostile + "> | " + script + " |\n+---+---+",
		"+------------------------------------+\n| " + `<script>document.title='pwned'</sc` + " |\n| " + `ript><img src=x onerror=1>        ` + " |\n+------------------------------------+",
		"```{note}\n" + script + "\n```\n\n```{math}\n:label: x\" onclick=\"" + hostile + "\n\\text{" + script + "}\n```\n\n```{raw} html\n" + script + "\n```",
		"{math}`\\text{" + script + "}` {sub}`" + script + "` {ref}`" + script + " <javascript:" + hostile + ">` {eq}`\"><script>`",
		`(x"onclick="y)=` + "\n\n(javascript:" + hostile + ")=\n\n{{< include " + script + " >}} {% " + script + " %}",
		"!!! note \"" + script + "\"\n    " + handler + "\n\n??? tip \"<img src=x onerror=" + hostile + ">\"\n    x",
		"| a |\n|---|\n| " + handler + " |\n\n: " + script + " {#tbl-x}\n\n![" + script + "](x.png){#fig-x fig-alt=\"" + handler + "\"}",
		// Figures of Quarto and MyST.
		"::: {#fig-x layout-ncol=9 title='\" onclick=\"" + hostile + "'}\n\n![" + script + "](javascript:" + hostile + ")\n\n![x](https://example.org/x.png){#fig-y onload=x}\n\n" + handler + script + "\n:::",
		"::: {#fig-x-" + `"onload="` + hostile + "}\n![x](" + encoded("image/svg+xml", svg(script)) + ")\n\n[x](javascript:" + hostile + ")\n:::\n\n@fig-x",
		"::: {#tbl-x}\n\n| " + handler + " |\n|---|\n| " + script + " |\n\n" + handler + "\n:::",
		"```{figure} javascript:" + hostile + "\n:name: x\" onclick=\"" + hostile + "\n:alt: \"><script>" + hostile + "</script>\n:width: 1px\" onload=\"" + hostile + "\n" + handler + "\n```",
		":::{figure} https://example.org/x.png\n---\nname: \"><img src=x onerror=" + hostile + ">\nwidth: 1;url(https://example.org)\nalt: '" + script + "'\n---\n" + script + "\n:::\n\n{numref}`x`",
		"```{image} data:text/html," + script + "\n:height: expression(" + hostile + ")\n:alt: x\n```",
		"```{figure} ../../../../../../etc/passwd\n:alt: x\n```\n\n```{image} /etc/passwd\n---\n" + script + "\n```",
		"$$x \\tag{<img src=x onerror=" + hostile + ">}\\label{eq:a\" onclick=\"x}$$ \\eqref{eq:a\" onclick=\"x}\n\n$$x\\tag{" + script + "}\\label{eq:b}$$\n\n\\eqref{eq:b} @eq-b",
	}
	all = append(all, laterPayloads(handler, script)...)
	// The same in an element that is open, and in an attribute that is open.
	for _, around := range []string{`<div title="%">`, `<a href="x" title='%'>`, "<details><summary>%", "<figure><figcaption>%", "<center><font color=\"%\">"} {
		all = append(all, strings.ReplaceAll(around, "%", `"'>`+handler+script))
	}
	return all
}

// laterPayloads use the markup that a report accepts since later versions: gauges, layouts of style attributes, landmarks, raw
// HTML of Quarto, tabs, cards, embedded pages and downloads.
func laterPayloads(handler, script string) []string {
	return []string{
		`<progress value="1" max="9&quot; onanimationstart=&quot;` + hostile + `" aria-label="&quot;><script>` + hostile + `</script>" onfocus="` + hostile + `" tabindex=0 autofocus>` + handler + `</progress>`,
		`<meter value="javascript:` + hostile + `" low="1" aria-label='` + script + `' style="background:url(https://example.org/x)">` + script + `</meter>`,
		`<main onclick="` + hostile + `"><nav id="search" onfocusin="` + hostile + `"><label for="x" onclick="` + hostile + `">x</label></nav></main></main>` + handler,
		`<time datetime="1&quot; onmouseover=&quot;` + hostile + `" onmouseenter="` + hostile + `">x</time><q cite="javascript:` + hostile + `">y</q><data value="` + script + `">z</data>`,
		`<div style="display:grid;grid-template-columns:url(https://example.org/g);gap:image-set('https://example.org/h' 1x)">x</div><div style="flex:1 1 cross-fade(url(https://example.org/i))">y</div>`,
		`<div style="display:flex;margin-left:calc(-99em);margin:calc(0px - 99em);width:max(999vw,1px);float:left;columns:attr(data-x url)">covers</div>`,
		`<p style="border-left:1px solid;border-image:url(https://example.org/b);list-style:square url(https://example.org/l);font:1px/1 url(https://example.org/f);content:url(https://example.org/c)">x</p>`,
		`<p style="color:var(--x,url(https://example.org/v));background:\75\72\6c(https://example.org/u);width:/**/expression(` + hostile + `)">x</p><p style="background:-webkit-image-set(url(https://example.org/w) 1x)">y</p>`,
		"```{=html}\n" + script + handler + "\n```\n\n`" + script + "`{=html} `" + handler + "`{=html}\n\n::: {.content-visible when-format=\"html\"}\n" + script + "\n:::",
		"::: {.panel-tabset group='\" onclick=\"" + hostile + "'}\n\n## " + script + " {#x onclick=\"" + hostile + "\"}\n\n" + handler + "\n\n## [x](javascript:" + hostile + ")\n\n" + script + "\n:::",
		"::::{tab-set}\n:::{tab-item} " + handler + "\n:sync: x\" onclick=\"" + hostile + "\n:selected:\n" + script + "\n:::\n::::",
		"::::{grid} 1 \" onclick=\"" + hostile + "\n:::{grid-item-card} " + script + "\n:link: javascript:" + hostile + "\n:img-top: https://example.org/x.png\n" + handler + "\n:::\n::::",
		":::{card} " + handler + "\n:link: data:text/html," + script + "\n:footer: " + script + "\nx\n:::\n\n:::{dropdown} " + script + "\n:open:\n" + handler + "\n:::",
		"```{iframe} https://example.org/x.html\n:width: 100%\" onload=\"" + hostile + "\n" + script + "\n```\n\n```{iframe} javascript:" + hostile + "\n```\n\n```{embed} ../../../etc/passwd\n```",
		"{{< video https://example.org/v.mp4 title='" + script + "' >}} {{< iframe https://example.org >}} {{< embed ../../../../etc/passwd#x >}} {{< kbd " + script + " >}}",
		"{download}`x <../../../../etc/passwd>` {download}`" + script + " <javascript:" + hostile + ">` {button}`x <javascript:" + hostile + ">` {abbr}`x (\" onmouseover=\"" + hostile + ")`",
		"```{mermaid}\ngraph TD\n  A[\"" + handler + "\"] --> B\n  click A \"javascript:" + hostile + "\"\n```\n\n```mermaid\n%%{init: {'securityLevel': 'loose'}}%%\ngraph TD\n  A[" + script + "]\n```",
		"::: {.column-margin style=\"background:url(https://example.org/m)\"}\n" + handler + "\n:::\n\n[" + script + "]{.mark style=\"background:url(https://example.org/s)\" onclick=\"" + hostile + "\"} [x](#y){onclick=\"" + hostile + "\"}",
		"![](https://example.org/v.mp4) ![x](javascript:" + hostile + "){.lightbox} ![x](//example.org/x.svg){fig-alt=\"\\\"><script>" + hostile + "</script>\"} <a download=\"x.html\" href=\"data:text/html," + script + "\">y</a>",
	}
}

// plainPayloads are the plain attempts.
func plainPayloads() []string {
	return []string{
		`<script>document.title="pwned"</script>`,
		`"><script>document.title="pwned"</script>`,
		`<img src=x onerror="document.title='pwned'">`,
		`<svg onload="document.title='pwned'"></svg>`,
		`<svg><animate onbegin="document.title='pwned'" attributeName=x dur=1s></svg>`,
		`<a href="javascript:document.title='pwned'">x</a>`,
		`[x](javascript:document.title='pwned')`,
		`[x](<java
script:document.title='pwned'>)`,
		`<javascript:document.title='pwned'>`,
		`![x](https://example.org/pixel.png)`,
		`<img src="https://example.org/pixel.png">`,
		`<iframe src="https://example.org/"></iframe>`,
		`<link rel=stylesheet href="https://example.org/x.css">`,
		`<style>@import "https://example.org/x.css"; body { display: none }</style>`,
		`<meta http-equiv="refresh" content="0;url=https://example.org/">`,
		`<base href="https://example.org/">`,
		`<form action="https://example.org/"><button>go</button></form>`,
		`</div></main></body></html><script>document.title="pwned"</script>`,
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=document.title='pwned'&gt;">`,
		`<noscript><p title="</noscript><img src=x onerror=document.title='pwned'>">`,
		`{{.}} ${alert(1)} <!-- --> ]]> <![CDATA[<script>document.title="pwned"</script>]]>`,
		`$\text{<script>document.title="pwned"</script>}$ $\href{javascript:document.title='pwned'}{x}$`,
		"$$\n\\class{x\" onmouseover=\"document.title='pwned'}{y} </math><script>document.title='pwned'</script>\n$$",
		"$`</code><img src=x onerror=document.title='pwned'>`$",
		"[@<script>document.title='pwned'</script>; @x]",
		"`\"' onmouseover=document.title='pwned' x='`",
		`<img src="file:///etc/passwd" alt="x"><img src="../../../../etc/passwd"><img src="/etc/passwd">`,
		`<img alt="\" onerror=document.title='pwned' x=\"" src="data:image/svg+xml,<svg onload=document.title='pwned'><script>document.title='pwned'</script></svg>">`,
		`<img src="data:text/html,<script>document.title='pwned'</script>"><video src="https://example.org/x.mp4"></video><audio><source src="javascript:alert(1)"></audio>`,
		`<a id="top" name="contents" href="&#106;avascript:document.title='pwned'">x</a><div id="theme"></div><p id='" onmouseover="document.title=1'>`,
		`<font color="red;position:fixed" face="x&quot; onmouseover=&quot;document.title='pwned'">x</font><center onclick="document.title='pwned'">`,
		`<div style="background:url(https://example.org/x.png);width:expression(alert(1))" align='x" onclick="1'>x</div>`,
		`<svg><a href="javascript:document.title='pwned'"><text>x</text></a><image href="https://example.org/x.png"/><foreignObject><script>document.title='pwned'</script></foreignObject></svg>`,
		`<figure><img src="data:image/png;base64,AAAA" style="position:fixed;width:99999%" width="9999999"></figure><details ontoggle="document.title='pwned'" open>`,
		`<iframe srcdoc="<script>parent.document.title='pwned'</script>"></iframe><object data="https://example.org/"></object><embed src="javascript:document.title='pwned'">`,
		`![x](data:image/svg+xml,<svg/onload=document.title='pwned'>){width=1px;onclick=alert(1) height="1&quot; onerror=&quot;x"}`,
	}
}

// MutationPayloads are texts that a parser reads in one way and, once they were written and read again, in another:
// scripts in elements whose content is text for one reader and elements for the next, in attributes, in comments, in
// foreign content, and in what Markdown turns into either.
func MutationPayloads() []string {
	const run = `document.title='pwned'`
	attacks := []string{
		`<img src=x onerror="` + run + `">`, `<script>` + run + `</script>`, `<svg onload="` + run + `"></svg>`, `<a href="javascript:` + run + `">x</a>`,
		`<img src="https://example.org/p.png">`,
	}
	wraps := []string{
		// Raw text in one namespace, elements in the other.
		`<svg><style>%s</style></svg>`, `<svg></p><style><a id="</style>%s">`, `<math><style>%s</style></math>`, `<svg><title>%s</title></svg>`,
		`<svg><desc><style><!--</style>%s--></desc></svg>`, `<math><mtext><table><mglyph><style><!--</style>%s`, `<math><mi><style>%s</style></mi></math>`,
		`<form><math><mtext></form><form><mglyph><style></math>%s`, `<math><annotation-xml encoding="text/html"><style>%s</style></annotation-xml></math>`,
		`<math><annotation-xml encoding="application/xhtml+xml"><p>%s</p></annotation-xml></math>`, `<svg><foreignObject><style>%s</style></foreignObject></svg>`,
		`<svg><![CDATA[><%s]]></svg>`, `<math><![CDATA[><%s]]></math>`, `<svg><script>%s</script></svg>`, `<table><svg><td>%s</td></svg></table>`,
		`<svg><p><style><g title="</style>%s">`, `<math><p></p><style><!--</style>%s--></style></math>`, `<svg><a><b><style>%s</a></svg>`,
		// Elements whose content some readers take for text.
		`<noscript><p title="</noscript>%s">`, `<textarea>%s</textarea>`, `<textarea></textarea>%s`, `<title>%s</title>`, `<xmp>%s</xmp>`, `<noembed>%s</noembed>`,
		`<noframes>%s</noframes>`, `<iframe>%s</iframe>`, `<plaintext>%s`, `<template>%s</template>`, `<template shadowrootmode=open>%s</template>`, `<select><option>%s</select>`,
		`<select><style></select>%s</style>`, `<listing>%s</listing>`, `<frameset><frame>%s</frameset>`, `<noscript><style></noscript>%s`, `<button form=x>%s</button>`,
		// Comments and declarations that end elsewhere.
		`<!--><%s-->`, `<!-->%s-->`, `<!--->%s-->`, `<!-- --!>%s-->`, `<!--<!-- -->%s-->`, `<?xml >%s?>`, `<!DOCTYPE x [<!ENTITY y "%s">]>`, `</ %s>`, `<![CDATA[%s]]>`, `<!x>%s`,
		// Attributes that end early or late.
		`<p title="%s">`, `<p title='%s'>`, `<p title=%s>`, "<p title=`%s`>", `<p title="&quot;>%s">`, `<a href="#" title='"%s'>x</a>`, `<img alt="%s" src="data:image/png;base64,AAAA">`,
		`<td abbr="%s">`, `<p id="%s">`, `<div class="%s">`, `<ol start="%s"><li>x</ol>`, `<details open title="</details>%s">`, `<p/title=%s>`,
		// Nesting that readers move about.
		`<table><tr>%s<td>x</table>`, `<table><caption>%s</table>`, `<table>%s</table>`, `<b><p><b><p><b>%s`, `<a><table><a>%s</table></a>`, `<ul><li>%s</ul></li>`,
		`<p><table><p>%s</table>`, `<nobr><nobr>%s`, `<details><summary>%s</summary>x</details>`, `<ruby><rt>%s</ruby>`, `<h1><h2>%s</h1>`, `<dl><dt><dd>%s</dl>`,
		// Markdown.
		"[x](<%s>)", "[x](/u \"%s\")", "![%s](x.png)", "`` %s ``", "~~~ %s\nx\n~~~", "<!-- \n\n%s\n\n-->", "[^n]\n\n[^n]: %s", "| %s |\n|--|\n| x |", "<div>\n\n%s\n</div>", "\\%s", "&lt;%s", "$%s$", "$$\n\\text{%s}\n$$",
		"![x](https://example.org/p.png '%s')", "![x]<input>(https://example.org/p.png) %s", "<input>[x]: https://example.org/p.png\n\n![x] %s",
	}
	var all []string
	for i, w := range wraps {
		for j, a := range attacks {
			if (i+j)%len(attacks) != len(attacks)-1 || j < 2 { // each wrap with four or five attacks
				all = append(all, strings.Replace(w, "%s", a, 1))
			}
		}
	}
	return all
}
