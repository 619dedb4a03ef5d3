//! Files that Protobuf schemas of a Confluent registry import without a reference, as its serializers bring them along.

/// Notes on files, messages, fields, enums and their values: `[(confluent.field_meta).tags = "PII"]`.
const META: &str = r#"syntax = "proto3";
package confluent;
import "google/protobuf/descriptor.proto";
message Meta { string doc = 1; map<string, string> params = 2; repeated string tags = 3; }
extend google.protobuf.FileOptions { Meta file_meta = 1088; }
extend google.protobuf.MessageOptions { Meta message_meta = 1088; }
extend google.protobuf.FieldOptions { Meta field_meta = 1088; }
extend google.protobuf.EnumOptions { Meta enum_meta = 1088; }
extend google.protobuf.EnumValueOptions { Meta enum_value_meta = 1088; }
"#;

/// A decimal number, as its unscaled value.
const DECIMAL: &str = r#"syntax = "proto3";
package confluent.type;
message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
"#;

/// The files with their names.
const FILES: [(&str, &str); 2] = [("confluent/meta.proto", META), ("confluent/type/decimal.proto", DECIMAL)];

/// Adds the files that one of the texts names, unless a reference has them.
pub(crate) fn complete(root: &str, imports: &mut Vec<(String, String)>) {
    for (name, text) in FILES {
        let is_named = root.contains(name) || imports.iter().any(|(_, text)| text.contains(name));
        if is_named && imports.iter().all(|(known, _)| known != name) {
            imports.push((name.to_owned(), text.to_owned()));
        }
    }
}
