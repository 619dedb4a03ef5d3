//! Fields that the schema has no column for, kept as JSON.

use crate::policy::RescueReason;

/// Builds `{"name":{"value":"text","reason":"unknown_field"},…}` in memory that is reused from row to row.
#[derive(Debug, Default)]
pub(super) struct RescuedFields {
    json: String,
}

impl RescuedFields {
    pub(super) fn clear(&mut self) {
        self.json.clear();
    }

    /// Adds a field; `None` is null.
    pub(super) fn push(&mut self, name: &str, text: Option<&str>, reason: RescueReason) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        push_json_string(&mut self.json, name);
        self.json.push_str(":{\"value\":");
        match text {
            Some(text) => push_json_string(&mut self.json, text),
            None => self.json.push_str("null"),
        }
        self.json.push_str(",\"reason\":\"");
        self.json.push_str(reason.word());
        self.json.push_str("\"}");
    }

    /// The object; `None` when nothing was rescued.
    pub(super) fn finish(&mut self) -> Option<&str> {
        if self.json.is_empty() {
            return None;
        }
        self.json.push('}');
        Some(&self.json)
    }
}

/// Source: RFC 8259 §7.
fn push_json_string(out: &mut String, text: &str) {
    const HEX: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' => {
                out.push_str("\\u00");
                out.push(HEX[c as usize >> 4]);
                out.push(HEX[c as usize & 15]);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
