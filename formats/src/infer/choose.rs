//! Evidence → Arrow fields, with what a person should know of each decision.

use std::{collections::BTreeMap, sync::Arc};

use arrow_schema::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use laminar_schema::{
    ArrayInference, FieldInferenceDetail, InferenceConfig, InferenceWarning, TypeHint, WarningSeverity,
    field::{self, TIMESTAMP_FORMATS_METADATA},
    types::field_type_name,
};

use super::{
    confidence::wilson_lower,
    evidence::{Evidence, Rules, Seen},
    example::Example,
    lattice::{Fallback, Kind},
    members::Member,
    number::{NumberNote, NumberType},
};

/// Turns evidence into fields, and collects details and warnings on the way.
#[derive(Debug)]
pub(super) struct Chooser<'a> {
    pub(super) config: &'a InferenceConfig,
    rules: &'a Rules,
    fallback: Fallback,
    /// Evidence per field, parents before what they hold.
    pub(super) details: Vec<FieldInferenceDetail>,
    /// What a person should know, in the order of the fields.
    pub(super) warnings: Vec<InferenceWarning>,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'a> {
    /// Its name in the schema.
    pub(super) name: &'a str,
    /// Its path: `a.b[].c`; values of a map are `a{}`.
    pub(super) path: &'a str,
    /// Samples, objects or elements that could have it.
    pub(super) parents: u64,
    /// Containers around it, its column excluded.
    pub(super) depth: usize,
}

impl<'a> Chooser<'a> {
    /// A chooser for one schema.
    pub(super) fn new(config: &'a InferenceConfig, rules: &'a Rules, fallback: Fallback) -> Self {
        Self { config, rules, fallback, details: Vec::new(), warnings: Vec::new() }
    }

    /// The field that holds every value of the evidence.
    pub(super) fn field(&mut self, spot: Spot<'_>, evidence: &Evidence) -> Field {
        let at = self.details.len();
        let non_nulls = evidence.non_nulls();
        let (field, fits) = match self.config.hints.iter().find(|hint| hint.path == spot.path) {
            Some(hint) => self.hinted(spot, evidence, hint),
            // Every value fits, or a wider type would have been chosen: what is unknown is how many were looked at.
            None => (self.typed_field(spot, evidence), non_nulls),
        };
        let share = |of: u64| if of == 0 { 0.0 } else { non_nulls as f64 / of as f64 };
        let detail = FieldInferenceDetail {
            appearance_rate: share(spot.parents),
            non_null_rate: share(evidence.values()),
            confidence: wilson_lower(fits, non_nulls),
            observed_types: observed_types(evidence),
            first: evidence.first().map(Example::to_sample_value),
            last: evidence.last().map(Example::to_sample_value),
            ..FieldInferenceDetail::new(spot.path, &field)
        };
        // What the field holds has been described meanwhile, and comes after it.
        self.details.insert(at, detail);
        field
    }

    /// The fields of columns or members, in their order; rare ones and near namesakes are warned about.
    pub(super) fn fields(&mut self, parent: &str, members: &[(&str, &Member)], objects: u64, depth: usize) -> Fields {
        let mut folded: BTreeMap<String, &str> = BTreeMap::new();
        let mut fields = Vec::with_capacity(members.len());
        for (name, member) in members {
            let path = if parent.is_empty() { (*name).to_owned() } else { format!("{parent}.{name}") };
            self.warn_of_member(&path, member, objects);
            if let Some(twin) = folded.insert(name.to_lowercase(), name) {
                self.say(&path, WarningSeverity::Info, format!("differs from `{twin}` in case only; both are kept"));
            }
            fields.push(self.field(Spot { name, path: &path, parents: objects, depth }, &member.value));
        }
        self.add_hinted(parent, members, &mut fields);
        fields.into()
    }

    /// Adds the fields that hints name and no record has.
    fn add_hinted(&mut self, parent: &str, members: &[(&str, &Member)], fields: &mut Vec<Field>) {
        for hint in &self.config.hints {
            let name = match parent {
                "" => Some(hint.path.as_str()),
                parent => hint.path.strip_prefix(parent).and_then(|rest| rest.strip_prefix('.')),
            };
            // What lies deeper, or inside an array or a map, is another parent's.
            let is_here =
                |name: &&str| !name.contains(['.', '[', '{']) && members.iter().all(|(known, _)| known != name);
            let Some(name) = name.filter(is_here) else { continue };
            let field = hint.field.clone().with_name(name).with_nullable(true);
            self.details.push(FieldInferenceDetail::new(&hint.path, &field));
            self.say(&hint.path, WarningSeverity::Info, "in no sample; its hint adds it, null everywhere".to_owned());
            fields.push(field);
        }
    }

    /// A field whose type is given, and how many values look like it.
    fn hinted(&mut self, spot: Spot<'_>, evidence: &Evidence, hint: &TypeHint) -> (Field, u64) {
        let field = hint.field.clone().with_name(spot.name).with_nullable(true);
        let holds_any_text = self.fallback == Fallback::Varchar && *field.data_type() == DataType::Utf8;
        let fits = |kind: &Kind| *kind != Kind::Null && (holds_any_text || kind.fits(&field));
        let fitting: u64 = evidence.seen().iter().filter(|(kind, _)| fits(kind)).map(|(_, seen)| seen.count).sum();
        if fitting < evidence.non_nulls() {
            let strangers = evidence.seen().iter().filter(|(kind, _)| **kind != Kind::Null && !fits(kind));
            let strangers: Vec<String> = strangers.take(2).map(show).collect();
            let message =
                format!("its hint makes it {}; it holds {}", field_type_name(&field), strangers.join(" and "));
            self.say(spot.path, WarningSeverity::Info, message);
        }
        (field, fitting)
    }

    fn warn_of_member(&mut self, path: &str, member: &Member, objects: u64) {
        if (member.present as f64) < self.config.field_appearance_threshold * objects as f64 {
            let message = format!("rare: in {} of {objects} records; kept, and null elsewhere", member.present);
            self.say(path, WarningSeverity::Warning, message);
        }
        if member.repeated > 0 {
            let message = format!("stands more than once in {} records; the last one counts", member.repeated);
            self.say(path, WarningSeverity::Info, message);
        }
    }

    fn typed_field(&mut self, spot: Spot<'_>, evidence: &Evidence) -> Field {
        let kind = evidence.kind(self.fallback);
        let plain = |data_type| Field::new(spot.name, data_type, true);
        match kind {
            kind if !self.is_trusted(spot, evidence, kind) => plain(DataType::Utf8),
            Kind::Null if evidence.values() == 0 => self.anything(spot),
            Kind::Null => {
                let message = format!(
                    "null in every sample ({} of them); null_type makes it {}",
                    evidence.values(),
                    laminar_schema::types::type_name(&self.config.null_type)
                );
                self.say(spot.path, WarningSeverity::Warning, message);
                plain(self.config.null_type.clone())
            }
            Kind::Boolean => plain(DataType::Boolean),
            kind if kind.is_number() => self.number(spot, evidence, kind),
            Kind::Interval => plain(DataType::Interval(IntervalUnit::MonthDayNano)),
            Kind::Uuid => field::uuid_field(spot.name, true),
            kind if kind.is_temporal() => self.temporal(spot, evidence, kind),
            Kind::Varchar => {
                self.warn_of_lost_kind(spot.path, evidence);
                plain(DataType::Utf8)
            }
            Kind::Blob => {
                if evidence.seen().len() > 1 + usize::from(evidence.seen().contains_key(&Kind::Null)) {
                    let message = format!("holds {}, which only BLOB holds together", self.examples(evidence));
                    self.say(spot.path, WarningSeverity::Warning, message);
                }
                plain(DataType::Binary)
            }
            Kind::List | Kind::Struct | Kind::Map if spot.depth >= self.config.max_depth => {
                let message = format!("nested deeper than max_depth = {}; kept as JSON text", self.config.max_depth);
                self.say(spot.path, WarningSeverity::Info, message);
                field::json_field(spot.name, true)
            }
            Kind::List => self.list(spot, evidence),
            Kind::Struct => self.object(spot, evidence),
            _ => {
                self.warn_of_conflict(spot.path, evidence);
                field::json_field(spot.name, true)
            }
        }
    }

    /// Whether what the texts of a field mean was seen often enough.
    fn is_trusted(&mut self, spot: Spot<'_>, evidence: &Evidence, kind: Kind) -> bool {
        let is_meaning = match self.fallback {
            // What the format itself calls an instant is no guess.
            Fallback::Json => kind.is_text() && evidence.texts().instants() < evidence.non_nulls(),
            Fallback::Varchar => kind.is_scalar(),
        };
        let confidence = wilson_lower(evidence.non_nulls(), evidence.non_nulls());
        let floor = self.config.min_confidence;
        if !is_meaning || matches!(kind, Kind::Null | Kind::Varchar) || confidence >= floor {
            return true;
        }
        let message = format!(
            "looks like {kind} with confidence {confidence:.2}, below min_confidence = {floor}; kept as VARCHAR"
        );
        self.say(spot.path, WarningSeverity::Info, message);
        false
    }

    /// The field of values of which none was seen: whatever comes must fit.
    fn anything(&self, spot: Spot<'_>) -> Field {
        match self.fallback {
            Fallback::Json => field::json_field(spot.name, true),
            Fallback::Varchar => Field::new(spot.name, DataType::Utf8, true),
        }
    }

    fn number(&mut self, spot: Spot<'_>, evidence: &Evidence, kind: Kind) -> Field {
        let NumberType::Fits(data_type, note) = evidence.numbers().data_type(kind, self.config.number_type) else {
            let kept = if self.fallback == Fallback::Json { "JSON text" } else { "VARCHAR" };
            let message = format!("no number type holds all of {}; kept as {kept}", self.examples(evidence));
            self.say(spot.path, WarningSeverity::Warning, message);
            return self.anything(spot);
        };
        let name = laminar_schema::types::type_name(&data_type);
        let reason = match note {
            NumberNote::Plain => None,
            NumberNote::ExactMix => Some("DOUBLE would round integers; declare it to accept that"),
            NumberNote::NotDouble => {
                Some("DOUBLE, as number_type asks, would round integers; declare it to accept that")
            }
            NumberNote::Widened => Some("the DECIMAL that number_type asks for is too small"),
        };
        if let Some(reason) = reason {
            let message = format!("holds {}; {reason}: made {name}", self.examples(evidence));
            self.say(spot.path, WarningSeverity::Warning, message);
        }
        Field::new(spot.name, data_type, true)
    }

    fn temporal(&mut self, spot: Spot<'_>, evidence: &Evidence, kind: Kind) -> Field {
        let texts = evidence.texts();
        if texts.needs_nanos() && texts.is_far_away() && kind != Kind::Time {
            let message =
                "counts nanoseconds and holds years before 1678 or after 2261, which no type does; kept as VARCHAR";
            self.say(spot.path, WarningSeverity::Warning, message.to_owned());
            return Field::new(spot.name, DataType::Utf8, true);
        }
        if self.has_free_formats() && self.rules.texts.is_contradictory(texts) {
            let formats = self.rules.texts.column_formats(texts).join(", ");
            let message = format!("its days are written in more than one order ({formats}); kept as VARCHAR");
            self.say(spot.path, WarningSeverity::Warning, message);
            return Field::new(spot.name, DataType::Utf8, true);
        }
        if self.has_free_formats()
            && let Some((chosen, other)) = self.rules.texts.rival(texts)
        {
            let message = format!("no value tells {chosen} from {other}; read as {chosen}: set timestamp_formats");
            self.say(spot.path, WarningSeverity::Warning, message);
        }
        let unit = if texts.needs_nanos() { TimeUnit::Nanosecond } else { TimeUnit::Microsecond };
        let data_type = match kind {
            Kind::Date => DataType::Date32,
            Kind::Time => DataType::Time64(unit),
            Kind::TimestampTz => DataType::Timestamp(unit, Some("UTC".into())),
            _ => DataType::Timestamp(unit, None),
        };
        let field = Field::new(spot.name, data_type, true);
        let formats = self.rules.texts.column_formats(texts);
        if formats.len() > 1 {
            let message = format!("no one timestamp format fits all texts; tried in order: {}", formats.join(", "));
            self.say(spot.path, WarningSeverity::Warning, message);
        }
        if formats.is_empty() {
            field
        } else {
            field::with_metadata(field, TIMESTAMP_FORMATS_METADATA, formats.join("\n"))
        }
    }

    /// Whether nobody has chosen timestamp formats, so that a format only guesses which part is the day.
    fn has_free_formats(&self) -> bool {
        self.fallback == Fallback::Varchar
            && !self.rules.texts.are_named()
            && self.config.timestamp_formats == InferenceConfig::default().timestamp_formats
    }

    fn list(&mut self, spot: Spot<'_>, evidence: &Evidence) -> Field {
        if self.config.array_strategy == ArrayInference::Jsonb {
            return field::json_field(spot.name, true);
        }
        let nothing = Evidence::default();
        let elements = evidence.elements().unwrap_or(&nothing);
        let path = format!("{}[]", spot.path);
        let item = Spot { name: "item", path: &path, parents: elements.values(), depth: spot.depth + 1 };
        let item = self.field(item, elements);
        Field::new(spot.name, DataType::List(Arc::new(item)), true)
    }

    fn object(&mut self, spot: Spot<'_>, evidence: &Evidence) -> Field {
        let Some(members) = evidence.members().filter(|m| !m.is_empty()) else {
            // Objects without a key say nothing of the keys to come; a struct of nothing would drop them.
            return self.map(spot, &Evidence::default());
        };
        if let Some(values) = members.as_map(self.fallback, self.rules) {
            let config = self.config;
            let message = format!(
                "made a MAP: more than map_threshold = {} keys, or less than field_appearance_threshold = {} of them in an object",
                config.map_threshold, config.field_appearance_threshold
            );
            self.say(spot.path, WarningSeverity::Info, message);
            return self.map(spot, &values);
        }
        let fields = self.fields(spot.path, &members.in_order(), members.objects(), spot.depth + 1);
        Field::new(spot.name, DataType::Struct(fields), true)
    }

    fn map(&mut self, spot: Spot<'_>, values: &Evidence) -> Field {
        let path = format!("{}{{}}", spot.path);
        let value = Spot { name: "values", path: &path, parents: values.values(), depth: spot.depth + 1 };
        let value = self.field(value, values);
        let entries = Fields::from(vec![Field::new("keys", DataType::Utf8, false), value]);
        let entries = Field::new("entries", DataType::Struct(entries), false);
        Field::new(spot.name, DataType::Map(Arc::new(entries), false), true)
    }

    /// Values that have no type in common: both sides are shown.
    fn warn_of_conflict(&mut self, path: &str, evidence: &Evidence) {
        let kinds = evidence.seen().keys().filter(|kind| **kind != Kind::Null).count();
        let reason = if kinds > 1 { "which have no type in common" } else { "which has no other type" };
        let message = format!("holds {}, {reason}; kept as JSON text", self.examples(evidence));
        self.say(path, WarningSeverity::Warning, message);
    }

    /// Most values are of a narrower kind, and a few keep the column from being of it.
    fn warn_of_lost_kind(&mut self, path: &str, evidence: &Evidence) {
        let plain = evidence.seen().get(&Kind::Varchar);
        let plain_count = plain.map_or(0, |s| s.count);
        if self.fallback == Fallback::Varchar && plain_count > 0 && plain_count == evidence.texts().codes() {
            let example = plain.and_then(|s| s.example.as_ref()).map_or(String::new(), ToString::to_string);
            let message = format!("kept as VARCHAR for its leading zeros ({example}); declare BIGINT to read numbers");
            return self.say(path, WarningSeverity::Info, message);
        }
        let narrower = evidence.non_nulls() - plain_count;
        if narrower * 2 < evidence.non_nulls() || narrower == 0 {
            return;
        }
        let message = format!("holds {}, which only VARCHAR holds together", self.examples(evidence));
        self.say(path, WarningSeverity::Warning, message);
    }

    /// An example of each of the two kinds seen most.
    fn examples(&self, evidence: &Evidence) -> String {
        let mut seen: Vec<_> = evidence.seen().iter().filter(|(kind, _)| **kind != Kind::Null).collect();
        seen.sort_by_key(|(kind, seen)| (std::cmp::Reverse(seen.count), **kind));
        seen.into_iter().take(2).map(show).collect::<Vec<_>>().join(" and ")
    }

    fn say(&mut self, path: &str, severity: WarningSeverity, message: String) {
        self.warnings.push(InferenceWarning { field_name: path.to_owned(), message, severity });
    }
}

fn show((kind, seen): (&Kind, &Seen)) -> String {
    let example = seen.example.as_ref().map_or(String::new(), |e| format!(" ({e})"));
    format!("{} {kind}{example}", seen.count)
}

fn observed_types(evidence: &Evidence) -> BTreeMap<String, u64> {
    evidence.seen().iter().map(|(kind, seen)| (kind.name().to_owned(), seen.count)).collect()
}
