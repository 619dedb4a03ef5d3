//! One page for people who were not there: the schema, its evidence, and how to get both again.
//!
//! The page brings everything it needs and holds no script, so that nothing can run in it; its policy forbids scripts and
//! requests besides. All text goes through [`Text`].

use std::fmt::{self, Write as _};

use laminar_schema::{
    FieldInferenceDetail, InferenceConfig, ResolvedSchema, SampleValue, StrategyVerdict, WarningSeverity, fingerprint,
    lock::LockedInference,
};

use super::{Row, confidence_text, count, found_options, grouped, options_text, percent, rows, sample_count};
use crate::terminal::harmless;

/// What a page says of where it comes from.
#[derive(Debug)]
pub(in super::super) struct Reproduction<'a> {
    /// The inputs, as the user wrote them.
    pub(in super::super) input: &'a str,
    /// The command, as a shell reads it.
    pub(in super::super) command: &'a str,
    /// CREATE SOURCE, where there is one input.
    pub(in super::super) ddl: Option<&'a str>,
}

/// Text from outside: markup in it is shown, not obeyed.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in harmless(self.0).chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Text of several lines, each of which is harmless.
struct Lines<'a>(&'a str);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.lines().try_for_each(|line| writeln!(f, "{}", Text(line)))
    }
}

/// The page.
pub(in super::super) fn to_html(resolved: &ResolvedSchema, from: &Reproduction<'_>) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_page(&mut out, resolved, from);
    out
}

fn write_page(out: &mut String, resolved: &ResolvedSchema, from: &Reproduction<'_>) -> fmt::Result {
    let input = Text(from.input);
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Schema of {input}</title>\n<style>\n{}</style>\n</head>\n<body>\n<main>\n\
         <h1>Schema of {input}</h1>\n<div class=\"soft\">{}, by laminar {}</div>\n",
        include_str!("page.css"),
        Text(&resolved.resolution.to_string()),
        env!("CARGO_PKG_VERSION"),
    )?;
    write_cards(out, resolved)?;
    out.push_str(
        "<h2>Fields</h2>\n<div class=\"panel\">\n<div class=\"row head\"><span>name</span><span>type</span>\
         <span>null</span><span>appears</span><span>confidence</span><span>seen</span><span>first and last value</span></div>\n",
    );
    write_tree(out, &rows(resolved), resolved.sample.len() == 1)?;
    out.push_str("</div>\n");
    write_warnings(out, resolved)?;
    write_sample(out, resolved)?;
    out.push_str("<div class=\"two\">\n");
    write_decision(out, resolved)?;
    // With the hints that decoding the sample added.
    if let Some(inference) = &resolved.inference {
        write_inference(out, inference)?;
    }
    out.push_str("</div>\n");
    write!(out, "<h2>How to get this again</h2>\n<div class=\"panel\"><pre>{}</pre></div>\n", Lines(from.command))?;
    if let Some(ddl) = from.ddl {
        write!(out, "<h2>As SQL</h2>\n<div class=\"panel\"><pre>{}</pre></div>\n", Lines(ddl))?;
    }
    out.push_str("</main>\n</body>\n</html>\n");
    Ok(())
}

fn write_cards(out: &mut String, resolved: &ResolvedSchema) -> fmt::Result {
    let found = found_options(resolved);
    let serious = resolved.warnings.iter().filter(|w| w.severity > WarningSeverity::Info).count();
    let mut cards = vec![("format", resolved.format.name.clone())];
    if !found.is_empty() {
        cards.push(("found in the data", options_text(&found)));
    }
    cards.extend([
        ("records sampled", count(sample_count(resolved))),
        ("columns", count(resolved.schema.fields().len())),
        ("warnings", count(serious)),
        ("fingerprint", fingerprint(&resolved.schema).to_string()),
    ]);
    out.push_str("<dl class=\"cards\">\n");
    for (title, value) in cards {
        let class = if title == "fingerprint" { " class=\"mono\"" } else { "" };
        writeln!(out, "<div><dt>{title}</dt><dd{class}>{}</dd></div>", Text(&value))?;
    }
    out.push_str("</dl>\n");
    Ok(())
}

/// Rows as lists within lists: those of a parent fold. Where there is one partition, no place needs to name it.
fn write_tree(out: &mut String, rows: &[Row<'_>], one_partition: bool) -> fmt::Result {
    out.push_str("<ul class=\"tree\">\n");
    let mut open = 0;
    for row in rows {
        while open > row.depth {
            out.push_str("</ul></details></li>\n");
            open -= 1;
        }
        if row.is_parent {
            out.push_str("<li><details open><summary class=\"row\">");
            write_cells(out, row, one_partition)?;
            out.push_str("</summary><ul>\n");
            open += 1;
        } else {
            out.push_str("<li><div class=\"row\">");
            write_cells(out, row, one_partition)?;
            out.push_str("</div></li>\n");
        }
    }
    out.push_str(&"</ul></details></li>\n".repeat(open));
    out.push_str("</ul>\n");
    Ok(())
}

fn write_cells(out: &mut String, row: &Row<'_>, one_partition: bool) -> fmt::Result {
    let null = if row.nullable { "yes" } else { "no" };
    write!(
        out,
        "<span class=\"name mono\" style=\"--depth:{}\" title=\"{}\">{}</span><span class=\"type mono\">{}</span><span data-label=\"null\">{null}</span>",
        row.depth,
        Text(&row.path),
        Text(row.name),
        Text(&row.short_type),
    )?;
    let Some(detail) = row.detail else {
        out.push_str("<span></span><span></span><span class=\"soft\">no evidence</span><span></span>");
        return Ok(());
    };
    write_meter(out, "appears", detail.appearance_rate, &percent(detail.appearance_rate), "")?;
    write_meter(out, "confidence", detail.confidence, &confidence_text(detail), trust(detail))?;
    out.push_str("<span data-label=\"seen\">");
    for (name, number) in &detail.observed_types {
        write!(out, "<span class=\"chip\">{} × {}</span>", Text(name), count(*number as usize))?;
    }
    out.push_str("</span><span data-label=\"first and last value\">");
    write_value(out, detail.first.as_ref(), one_partition)?;
    // What a parent holds last stands in the rows below.
    if detail.last != detail.first && !row.is_parent {
        write_value(out, detail.last.as_ref(), one_partition)?;
    }
    out.push_str("</span>");
    Ok(())
}

fn trust(detail: &FieldInferenceDetail) -> &'static str {
    match detail.confidence {
        c if c >= 0.9 => "good",
        c if c >= 0.5 => "fair",
        _ => "poor",
    }
}

fn write_meter(out: &mut String, label: &str, share: f64, text: &str, class: &str) -> fmt::Result {
    let width = share.clamp(0.0, 1.0) * 100.0;
    let text = Text(text);
    write!(
        out,
        "<span class=\"meter\" data-label=\"{label}\"><span class=\"bar {class}\"><i style=\"width:{width:.1}%\"></i></span><b>{text}</b></span>"
    )
}

fn write_value(out: &mut String, value: Option<&SampleValue>, one_partition: bool) -> fmt::Result {
    let Some(value) = value else { return Ok(()) };
    let partition = value.partition.clone().filter(|_| !one_partition);
    let whole = SampleValue { partition, ..value.clone() }.to_string();
    // What is shown behind the value is its place.
    let place = whole.strip_prefix(&value.text).unwrap_or_default();
    write!(out, "<span class=\"value\"><code>{}</code><small>{}</small></span>", Text(&value.text), Text(place))
}

fn write_warnings(out: &mut String, resolved: &ResolvedSchema) -> fmt::Result {
    out.push_str("<h2>Warnings</h2>\n<div class=\"panel\" id=\"warnings\">\n");
    if resolved.warnings.is_empty() {
        out.push_str("<p class=\"soft\">There are none.</p>\n");
    }
    for (field, warnings) in grouped(&resolved.warnings) {
        let title = if field.is_empty() { "the whole sample" } else { field };
        writeln!(out, "<div class=\"group\"><strong class=\"mono\">{}</strong>", Text(title))?;
        for warning in warnings {
            let severity = warning.severity;
            writeln!(out, "<p><span class=\"severity {severity}\">{severity}</span> {}</p>", Text(&warning.message))?;
        }
        out.push_str("</div>\n");
    }
    out.push_str("</div>\n");
    Ok(())
}

fn write_sample(out: &mut String, resolved: &ResolvedSchema) -> fmt::Result {
    if resolved.sample.is_empty() {
        return Ok(());
    }
    out.push_str(
        "<h2>Where the sample was taken</h2>\n<div class=\"panel\"><table><tr><th>partition</th>\
         <th class=\"number\">records</th><th class=\"number\">first offset</th><th class=\"number\">last offset</th></tr>\n",
    );
    let number = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| count(n as usize));
    for range in &resolved.sample {
        writeln!(
            out,
            "<tr><td class=\"mono\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td></tr>",
            Text(range.partition.as_deref().unwrap_or("–")),
            count(range.records),
            number(range.first_offset),
            number(range.last_offset),
        )?;
    }
    out.push_str("</table></div>\n");
    Ok(())
}

/// How the schema was come by, and what the format is read with.
fn write_decision(out: &mut String, resolved: &ResolvedSchema) -> fmt::Result {
    let found = found_options(resolved);
    out.push_str("<section><h2>Decision</h2>\n<div class=\"panel\"><table>\n");
    for report in &resolved.strategies {
        let mark = match report.verdict {
            StrategyVerdict::Taken => '✓',
            StrategyVerdict::NotPossible => '✗',
            StrategyVerdict::NotNeeded => '–',
        };
        writeln!(out, "<tr><td>{mark} {}</td><td>{}</td></tr>", report.strategy, Text(&report.reason))?;
    }
    for (key, value) in resolved.format.options.iter() {
        let how = if found.iter().any(|(k, _)| *k == key) { "found in the data" } else { "given" };
        writeln!(
            out,
            "<tr><td>format option <code>{}</code></td><td><code>{}</code> <span class=\"soft\">{how}</span></td></tr>",
            Text(key),
            Text(&value.text)
        )?;
    }
    out.push_str("</table></div></section>\n");
    Ok(())
}

fn write_inference(out: &mut String, inference: &InferenceConfig) -> fmt::Result {
    out.push_str("<section><h2>Inference</h2>\n<div class=\"panel\"><table>\n");
    // A struct of plain values, which serde cannot fail on.
    let value = serde_json::to_value(LockedInference::from(inference)).unwrap_or_default();
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        writeln!(out, "<tr><td><code>{}</code></td><td class=\"mono\">{}</td></tr>", Text(key), Text(&text))?;
    }
    out.push_str("</table></div></section>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn markup_is_shown_and_not_obeyed() {
        for (text, expected) in [
            ("<script>alert('x')</script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("\" onload=\"x", "&quot; onload=&quot;x"),
            ("a & b &lt;", "a &amp; b &amp;lt;"),
            ("\u{202e}a\u{0}\n", "\\u{202e}a\\u{0}\\n"),
            ("größe", "größe"),
        ] {
            assert_eq!(Text(text).to_string(), expected);
        }
    }
}
