//! A terminal's screen as SVG: light or dark as the reader's system is, and still where the reader wants no motion.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use vt100::{Cell, Color, Screen};

/// Pixels of a cell, and around all of them.
const WIDE: f64 = 8.4;
const HIGH: f64 = 19.0;
const MARGIN: f64 = 14.0;

/// Light and dark, each readable on its ground: what it is drawn on, the text, and the sixteen colours of a terminal.
const PALETTES: [[&str; 18]; 2] = [
    [
        "#ffffff", "#1f2328", "#24292f", "#cf222e", "#116329", "#7d4e00", "#0550ae", "#8250df", "#1b7c83", "#57606a",
        "#57606a", "#a40e26", "#1a7f37", "#633c01", "#0969da", "#6639ba", "#136061", "#1f2328",
    ],
    [
        "#0d1117", "#e6edf3", "#8b949e", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
        "#8b949e", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#ffffff",
    ],
];

/// A moment of a terminal.
pub(crate) struct Frame {
    /// Since the beginning.
    pub(crate) at: Duration,
    pub(crate) screen: Screen,
}

/// The picture: of one moment, or of many in their time, after which it begins anew. It is called `title`, and tells
/// `told` to those who do not see it, and to the tests.
pub(crate) fn svg(title: &str, told: &str, frames: &[Frame], hold: Duration) -> String {
    let last = frames.last().expect("there is a moment");
    let columns = f64::from(last.screen.size().1.get());
    let rows = frames.iter().map(|frame| used(&frame.screen)).max().unwrap_or(1);
    let (width, height) = (columns * WIDE + 2.0 * MARGIN, rows as f64 * HIGH + 2.0 * MARGIN);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{}</title>\n<desc>{}</desc>\n<style>\n{}",
        escaped(title),
        escaped(told),
        style(frames, hold, width),
    );
    out += "</style>\n<defs>\n";
    // Most lines stay from one moment to the next: each is drawn once.
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut film = String::new();
    for (index, frame) in frames.iter().enumerate() {
        let _ = write!(film, "<g transform=\"translate({} 0)\">", index as f64 * width);
        for row in 0..used(&frame.screen) {
            let drawn = line(&frame.screen, row as u16);
            if drawn.is_empty() {
                continue;
            }
            let next = known.len();
            let id = *known.entry(drawn).or_insert_with_key(|drawn| {
                let _ = writeln!(out, "<g id=\"l{next}\">{drawn}</g>");
                next
            });
            let _ = write!(film, "<use href=\"#l{id}\" x=\"{MARGIN}\" y=\"{}\"/>", MARGIN + row as f64 * HIGH);
        }
        film += "</g>\n";
    }
    let _ = write!(
        out,
        "</defs>\n<rect class=\"p\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n\
         <svg width=\"{width}\" height=\"{height}\"><g class=\"film\">\n{film}</g></svg>\n</svg>\n",
        width - 1.0,
        height - 1.0,
    );
    out
}

/// What stands on the screen.
pub(crate) fn text(screen: &Screen) -> String {
    let rows: Vec<String> = screen.rows(0, screen.size().1.get()).map(|row| row.trim_end().to_owned()).collect();
    rows.join("\n").trim_end().to_owned()
}

/// What a picture tells.
pub(crate) fn text_of(svg: &str) -> Option<String> {
    let text = svg.split("<desc>").nth(1)?.split("</desc>").next()?;
    Some(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}

/// The lines of the screen, down to the last that has something.
fn used(screen: &Screen) -> usize {
    text(screen).lines().count().max(1)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn style(frames: &[Frame], hold: Duration, width: f64) -> String {
    let palette = |palette: &[&str; 18]| {
        let mut css = format!(".p{{fill:{};stroke:#8b949e55}}text{{fill:{}}}", palette[0], palette[1]);
        for (index, color) in palette[2..].iter().enumerate() {
            let _ = write!(css, ".f{index}{{fill:{color}}}");
        }
        css
    };
    let mut css = format!(
        "text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;white-space:pre}}\n\
         .b{{font-weight:700}}.d{{opacity:.7}}.i{{font-style:italic}}.u{{text-decoration:underline}}\n{}\n\
         @media (prefers-color-scheme:dark){{{}}}\n",
        palette(&PALETTES[0]),
        palette(&PALETTES[1]),
    );
    if let [_, .., last] = frames {
        let whole = last.at + hold;
        css += "@keyframes film{";
        for (index, frame) in frames.iter().enumerate() {
            let percent = frame.at.as_secs_f64() / whole.as_secs_f64() * 100.0;
            let _ = write!(css, "{percent:.2}%{{transform:translateX({}px)}}", -(index as f64) * width);
        }
        let end = -((frames.len() - 1) as f64) * width;
        let _ = write!(
            css,
            "100%{{transform:translateX({end}px)}}}}\n.film{{animation:film {:.1}s step-end infinite}}\n\
             @media (prefers-reduced-motion:reduce){{.film{{animation:none;transform:translateX({end}px)}}}}\n",
            whole.as_secs_f64(),
        );
    }
    css
}

/// A line of the screen, in runs of cells that look alike. Each says its width, so that columns stay where they are in
/// whatever font the reader has.
fn line(screen: &Screen, row: u16) -> String {
    let cells: Vec<&Cell> = (0..screen.size().1.get()).filter_map(|column| screen.cell(row, column)).collect();
    let mut out = String::new();
    let mut start = 0;
    while start < cells.len() {
        let looks = look(cells[start]);
        let end = (start..cells.len()).find(|&at| look(cells[at]) != looks).unwrap_or(cells.len());
        let text: String = cells[start..end]
            .iter()
            .filter(|cell| !cell.is_wide_continuation())
            .map(|cell| if cell.has_contents() { cell.contents() } else { " " })
            .collect();
        // Blanks at the ends would be swallowed by some readers.
        let shown = text.trim_start();
        let from = start + text.chars().count() - shown.chars().count();
        let shown = shown.trim_end();
        if !shown.is_empty() {
            let count = shown.chars().count() as f64;
            let _ = write!(
                out,
                "<text x=\"{:.1}\" y=\"14\" textLength=\"{:.1}\"{looks}>{}</text>",
                from as f64 * WIDE,
                count * WIDE,
                escaped(shown)
            );
        }
        start = end;
    }
    out
}

/// The attributes of a cell's text.
fn look(cell: &Cell) -> String {
    let mut classes: Vec<String> = Vec::new();
    let mut fill = String::new();
    match cell.fgcolor() {
        Color::Default => {}
        Color::Idx(index @ 0..=15) => classes.push(format!("f{index}")),
        Color::Idx(index @ 16..=231) => {
            let level = |part: u8| if part == 0 { 0 } else { part * 40 + 55 };
            let index = index - 16;
            fill = format!(" fill=\"rgb({},{},{})\"", level(index / 36), level(index / 6 % 6), level(index % 6));
        }
        Color::Idx(grey) => fill = format!(" fill=\"rgb({0},{0},{0})\"", (grey - 232) * 10 + 8),
        Color::Rgb(r, g, b) => fill = format!(" fill=\"rgb({r},{g},{b})\""),
    }
    let styles = [("b", cell.bold()), ("d", cell.dim()), ("i", cell.italic()), ("u", cell.underline())];
    classes.extend(styles.iter().filter(|(_, set)| *set).map(|(class, _)| (*class).to_owned()));
    if classes.is_empty() { fill } else { format!(" class=\"{}\"{fill}", classes.join(" ")) }
}
