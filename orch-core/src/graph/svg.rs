//! A drawing: boxes in boxes, placed here, so that nothing has to be loaded to look at one.
//!
//! Each step is drawn by itself, with its upper left corner at zero, and moved to its place by who holds it. What goes on from one
//! step to the next goes through the middle of both.

use std::fmt::{self, Write};

use super::{Graph, Node};
use crate::node::{Form, NodeKind};

/// Between a frame and what is in it.
const PAD: u32 = 14;
/// Between steps one after another: room for an arrow.
const DOWN: u32 = 26;
/// Between steps beside each other.
const ASIDE: u32 = 22;
/// Of the name of a step.
const LINE: u32 = 30;
const BADGE: u32 = 18;
/// A row of badges is not wider than this, unless a badge is.
const BADGES: u32 = 420;
/// Text that is longer is cut; the whole is shown by a mouse over it.
const LONGEST: usize = 56;

/// The colours, in the light and in the dark.
const STYLE: &str = "\
.orch{--orch-ink:#1f2328;--orch-dim:#59636e;--orch-line:#8c959f;--orch-step:#fff;--orch-frame:#f6f8fa;--orch-edge:#d1d9e0;\
--orch-badge:#ddf4ff;--orch-badge-ink:#0550ae;--orch-undo:#fff8c5;font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}\
@media (prefers-color-scheme:dark){.orch{--orch-ink:#e6edf3;--orch-dim:#9198a1;--orch-line:#656c76;--orch-step:#161b22;\
--orch-frame:#0d1117;--orch-edge:#3d444d;--orch-badge:#1b3358;--orch-badge-ink:#79c0ff;--orch-undo:#2e2a1a}}\
.orch text{fill:var(--orch-ink)}.orch .k{font-weight:600}.orch .d{fill:var(--orch-dim)}\
.orch .s{fill:var(--orch-step);stroke:var(--orch-edge)}.orch .f{fill:var(--orch-frame);stroke:var(--orch-edge)}\
.orch .u{fill:var(--orch-undo);stroke:var(--orch-edge);stroke-dasharray:4 3}\
.orch .b{fill:var(--orch-badge)}.orch .bt{fill:var(--orch-badge-ink);font-size:10.5px}\
.orch .a{fill:none;stroke:var(--orch-line);stroke-width:1.3}.orch .o{stroke-dasharray:4 3}.orch .h{fill:var(--orch-line)}";

/// A step that is drawn.
struct Drawn {
    width: u32,
    height: u32,
    /// Where what goes on from it begins: above its foot, if its undo is taller than itself.
    exit: u32,
    svg: String,
}

impl Graph {
    /// A drawing as SVG: blocks as frames, steps beside each other or below each other as they run, arms under what decides between
    /// them, undos beside what they undo, and policies, such as a `retry` around one step, as badges on it. It follows the reader's
    /// light or dark scheme, and loads nothing.
    ///
    /// It can stand in a page, or in the documentation of the function that makes the pipeline:
    /// `#[doc = include_str!("order.svg")]`, where a test writes the file, or compares it.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    ///
    /// #[task]
    /// async fn charge(cents: u32) -> u32 {
    ///     cents
    /// }
    ///
    /// let svg = pipeline! { |_: u32| seq(name = "shop") < retry < charge > |n| { n } > }.graph().to_svg();
    /// assert!(svg.starts_with("<svg ") && svg.contains(">charge</text>"));
    /// # assert!(!svg.contains("\n\n"), "a page in Markdown would end there");
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        let roots: Vec<&Node> = self.nodes.iter().filter(|node| node.parent.is_none()).collect();
        let Drawn { width, height, svg, .. } = self.column(&roots, Arrow::Then);
        let (width, height) = (width + 2 * PAD, height + 2 * PAD);
        let name = roots.first().map_or("", |node| node.name);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"orch\" role=\"img\" aria-label=\"{}\" \
             viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" style=\"max-width:100%;height:auto\">\n\
             <style>{STYLE}</style>\n{}</svg>\n",
            Escaped(name),
            at(PAD, PAD, &svg),
        )
    }

    fn draw(&self, node: &Node) -> Drawn {
        // Policies around one step are badges of that.
        let (mut node, mut badges) = (node, Vec::new());
        let mut arm = node.arm;
        while is_policy(node) {
            let mut inside = self.children(node.index);
            let (Some(child), None) = (inside.next(), inside.next()) else { break };
            badges.push(node);
            node = child;
            arm = arm.or(node.arm);
        }
        let (undos, inside): (Vec<&Node>, Vec<&Node>) =
            self.children(node.index).partition(|child| child.meta.form == Form::Afterwards);
        let step = framed(node, &badges, self.inside(node, &inside));
        let step = beside(step, undos.iter().map(|undo| self.draw(undo)).collect());
        match arm {
            Some(arm) => under(arm, step),
            None => step,
        }
    }

    /// What is in a block.
    fn inside(&self, node: &Node, children: &[&Node]) -> Option<Drawn> {
        if children.is_empty() {
            return None;
        }
        Some(match node.meta.form {
            Form::Row | Form::Afterwards => self.column(children, Arrow::Then),
            Form::Alternatives => self.column(children, Arrow::Else),
            Form::Peers => row(children.iter().map(|child| self.draw(child)).collect()),
            Form::Choice => {
                let asked = node.options().first().map_or("", |(_, value)| value);
                choice(asked, row(children.iter().map(|child| self.draw(child)).collect()))
            }
        })
    }

    /// Steps below each other.
    fn column(&self, nodes: &[&Node], arrow: Arrow) -> Drawn {
        let drawn: Vec<Drawn> = nodes.iter().map(|node| self.draw(node)).collect();
        let width = drawn.iter().map(|step| step.width).max().unwrap_or_default();
        let (mut svg, mut y, mut exit) = (String::new(), 0, 0);
        for (index, step) in drawn.iter().enumerate() {
            if index > 0 {
                svg += &arrow.svg(width / 2, exit, y + DOWN);
                y += DOWN;
            }
            svg += &at((width - step.width) / 2, y, &step.svg);
            exit = y + step.exit;
            y += step.height;
        }
        Drawn { width, height: y, exit, svg }
    }
}

/// What leads from a step to the next.
#[derive(Clone, Copy)]
enum Arrow {
    Then,
    Else,
}

impl Arrow {
    fn svg(self, x: u32, from: u32, to: u32) -> String {
        let class = if let Arrow::Else = self { "a o" } else { "a" };
        let mut svg = format!("<path class=\"{class}\" d=\"M{x} {from}V{}\"/>", to - 6);
        let _ = write!(svg, "<path class=\"h\" d=\"M{} {}h8l-4 6z\"/>", x - 4, to - 7);
        if let Arrow::Else = self {
            let _ =
                write!(svg, "<text class=\"d\" x=\"{}\" y=\"{}\">or else</text>", x + 8, (from + to) / 2 + 3);
        }
        svg
    }
}

/// Whether a block only says how what is in it is run.
fn is_policy(node: &Node) -> bool {
    let NodeKind::Block(keyword) = node.kind() else { return false };
    matches!(
        keyword,
        "retry"
            | "timeout"
            | "circuit"
            | "bulkhead"
            | "throttle"
            | "hedge"
            | "catch"
            | "settle"
            | "when"
            | "with"
    )
}

/// A step in its box.
fn framed(node: &Node, badges: &[&Node], inside: Option<Drawn>) -> Drawn {
    let (keyword, rest) = match node.kind() {
        NodeKind::Block(keyword) => {
            let name = if keyword == node.name { "" } else { node.name };
            // What a choice decides by stands in the block.
            let skip = usize::from(node.meta.form == Form::Choice);
            (keyword, title(name, node.options().get(skip..).unwrap_or_default()))
        }
        _ => ("", node.name.to_owned()),
    };
    let sign = match keyword {
        "each" | "repeat" => "\u{21bb} ",
        _ => "",
    };
    let head = format!("{sign}{keyword}");
    let shown = cut(&rest);
    let gap = usize::from(!head.is_empty() && !shown.is_empty());
    let text = width(&head) + width(&shown) + letters(gap);
    let (badges, badges_width, badges_height) = rows_of(badges);
    let content = inside.as_ref().map_or(0, |inside| inside.width);
    let inner = text.max(badges_width).max(content);
    let full = inner + 2 * PAD;
    let mut y = 0;
    let mut svg = String::new();
    if badges_height > 0 {
        svg += &at(PAD + (inner - badges_width) / 2, 8, &badges);
        y += 8 + badges_height;
    }
    let baseline = y + 20;
    let x = if inside.is_some() { PAD } else { PAD + (inner - text) / 2 };
    let _ = write!(svg, "<text x=\"{x}\" y=\"{baseline}\">");
    if !head.is_empty() {
        let _ =
            write!(svg, "<tspan class=\"k\">{}</tspan>{}", Escaped(&head), if gap > 0 { " " } else { "" });
    }
    let class = if head.is_empty() { "" } else { " class=\"d\"" };
    if !shown.is_empty() {
        let _ = if head.is_empty() {
            write!(svg, "{}", Escaped(&shown))
        } else {
            write!(svg, "<tspan{class}>{}</tspan>", Escaped(&shown))
        };
    }
    svg += "</text>";
    y += LINE;
    let class = match (inside, node.meta.form) {
        (Some(inside), form) => {
            svg += &at(PAD + (inner - inside.width) / 2, y + 4, &inside.svg);
            y += 4 + inside.height + PAD;
            if form == Form::Afterwards { "u" } else { "f" }
        }
        (None, _) => "s",
    };
    let frame = format!(
        "<rect class=\"{class}\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"6\"/>",
        full - 1,
        y - 1
    );
    let svg = format!(
        "<g><title>{}</title>{frame}{svg}</g>",
        Escaped(&format!("{} ({})", node.path, node.place()))
    );
    Drawn { width: full, height: y, exit: y, svg }
}

/// `name (option = value)`
fn title(name: &str, options: &[(&str, &str)]) -> String {
    let mut text = name.to_owned();
    for (index, (name, value)) in options.iter().enumerate() {
        text += match (index, text.is_empty()) {
            (0, true) => "(",
            (0, false) => " (",
            _ => ", ",
        };
        text += name;
        if !(name.is_empty() || value.is_empty()) {
            text += " = ";
        }
        text += value;
    }
    if !options.is_empty() {
        text.push(')');
    }
    text
}

/// The badges of a step: their drawing, its width and height.
fn rows_of(policies: &[&Node]) -> (String, u32, u32) {
    let (mut svg, mut x, mut y, mut widest) = (String::new(), 0, 0, 0);
    for node in policies {
        let name = if node.kind().as_str() == node.name { "" } else { node.name };
        let whole = [node.kind().as_str(), &title(name, node.options())].join(" ");
        let text = cut(whole.trim_end());
        let size = width(&text) * 7 / 8 + 12;
        if x > 0 && x + size > BADGES {
            (x, y) = (0, y + BADGE + 4);
        }
        let _ = write!(
            svg,
            "<g><title>{}</title><rect class=\"b\" x=\"{x}\" y=\"{y}\" width=\"{size}\" height=\"{BADGE}\" rx=\"9\"/>\
             <text class=\"bt\" x=\"{}\" y=\"{}\">{}</text></g>",
            Escaped(&format!("{} ({})", whole.trim_end(), node.place())),
            x + 6,
            y + 13,
            Escaped(&text),
        );
        widest = widest.max(x + size);
        x += size + 5;
    }
    (svg, widest, if policies.is_empty() { 0 } else { y + BADGE })
}

/// Steps beside each other, all of which begin at the top.
fn row(steps: Vec<Drawn>) -> Drawn {
    let (mut svg, mut x, mut height) = (String::new(), 0, 0);
    for (index, step) in steps.iter().enumerate() {
        x += if index > 0 { ASIDE } else { 0 };
        svg += &at(x, 0, &step.svg);
        x += step.width;
        height = height.max(step.height);
    }
    Drawn { width: x, height, exit: height, svg }
}

/// A step with what undoes it, at its right.
fn beside(step: Drawn, undos: Vec<Drawn>) -> Drawn {
    if undos.is_empty() {
        return step;
    }
    let mut svg = step.svg;
    let (mut x, mut height) = (step.width, step.height);
    for undo in undos {
        let middle = step.height.min(undo.height) / 2;
        let _ = write!(svg, "<path class=\"a o\" d=\"M{x} {middle}h{ASIDE}\"/>");
        svg += &at(x + ASIDE, 0, &undo.svg);
        x += ASIDE + undo.width;
        height = height.max(undo.height);
    }
    // As wide to the left as to the right, so that arrows go through the middle of the step.
    let over = x - step.width;
    Drawn { width: x + over, height, exit: step.exit, svg: at(over, 0, &svg) }
}

/// A step under the pattern that it is chosen by.
fn under(arm: &str, step: Drawn) -> Drawn {
    let shown = cut(arm);
    let text = width(&shown);
    let full = step.width.max(text + 8);
    let mut svg = format!(
        "<g><title>{}</title><text class=\"d\" x=\"{}\" y=\"12\">{}</text></g>",
        Escaped(arm),
        (full - text) / 2,
        Escaped(&shown)
    );
    svg += &Arrow::Then.svg(full / 2, 18, 18 + DOWN);
    svg += &at((full - step.width) / 2, 18 + DOWN, &step.svg);
    Drawn { width: full, height: 18 + DOWN + step.height, exit: 18 + DOWN + step.exit, svg }
}

/// Arms under what is asked.
fn choice(asked: &str, arms: Drawn) -> Drawn {
    let shown = cut(asked);
    let text = width(&shown) + 24;
    let full = arms.width.max(text);
    let left = (full - text) / 2;
    let mut svg = format!(
        "<g><title>{}</title><path class=\"s\" d=\"M{} 15l10 -14h{}l10 14l-10 14h-{}z\"/><text x=\"{}\" y=\"19\">{}</text></g>",
        Escaped(asked),
        left,
        text - 20,
        text - 20,
        left + 12,
        Escaped(&shown)
    );
    svg += &at((full - arms.width) / 2, 40, &arms.svg);
    Drawn { width: full, height: 40 + arms.height, exit: 40 + arms.height, svg }
}

fn at(x: u32, y: u32, svg: &str) -> String {
    format!("<g transform=\"translate({x} {y})\">{svg}</g>")
}

fn letters(count: usize) -> u32 {
    // 7.25 each, rounded up.
    u32::try_from(count).unwrap_or(u32::MAX / 64).saturating_mul(29).div_ceil(4)
}

/// Wide letters, as of Chinese, take two places in a font of one width.
fn width(text: &str) -> u32 {
    letters(
        text.chars()
            .map(|letter| if u32::from(letter) < 0x1100 || letter == '\u{21bb}' { 1 } else { 2 })
            .sum(),
    )
}

fn cut(text: &str) -> String {
    let mut line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('\u{2026}');
    }
    line
}

/// As text of XML. What it may not hold at all is left out.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\n' | '\r' | '\t' => f.write_char(' ')?,
                letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {}
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}
