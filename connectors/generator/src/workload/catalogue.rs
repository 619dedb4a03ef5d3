//! The workloads themselves: one table of columns each.

use super::template::{
    Column, Piece, bool, column, decimal, float, hex, instant, int, list, literal, magnitude, mix_of, nullable, number,
    object, one_of, optional, sequence, text, words_of,
};

/// 2024-01-01T00:00:00Z in seconds: where every clock in the catalogue starts.
const EPOCH_S: i64 = 1_704_067_200;

const WORDS: &[&str] = &[
    "amber", "basin", "cipher", "drift", "ember", "fathom", "glacier", "hollow", "island", "jetty", "kiln", "lantern",
    "marble", "north", "oxide", "prairie", "quill", "ridge", "signal", "timber", "umbra", "valley", "willow", "yield",
    "zephyr", "and", "on", "up", "by", "at",
];
const CITIES: &[&str] = &["Lisbon", "Osaka", "Montréal", "Nairobi", "Zürich", "Austin", "São Paulo"];

const RAW_UTF8: &[&str] = &["données", "こんにちは", "Привет", "🦀🌊", "Ωμέγα", "안녕", "שלום", "plain text"];
const ESCAPES: &[&str] =
    &[r"\n", r#"\""#, r"\\", r"\t", r"\u00e9", r"\ud83c\udf0a", r"\/", r"\u65e5\u672c", r"\r\n", r"\b\f"];

const fn words(min: i64, max: i64) -> Piece {
    words_of(min, max, WORDS)
}

const fn mix(min: i64, max: i64) -> Piece {
    mix_of(min, max, &[RAW_UTF8, ESCAPES, WORDS])
}

pub(super) const TRADES: &[Column] = &[
    column(
        "symbol",
        text(&[one_of(&["BTC-USD", "ETH-EUR", "SOL-USDT", "ADA-USD", "AAPL", "NVDA", "TSLA", "XRP-EUR"])]),
    ),
    column("price", magnitude(5, 2)),
    column("volume", decimal(1, 9_999_999, 4)),
    column("ts", sequence(EPOCH_S * 1000, 10, 10)),
    column("side", text(&[one_of(&["buy", "sell"])])),
];

/// A web analytics event: 16 strings (2 nullable), 11 integers (1 nullable), 8 floats (1 nullable), 5 booleans.
pub(super) const WIDE: &[Column] = &[
    column("request_id", text(&[hex(16)])),
    column("account", int(1, 99_999)),
    column("visitor", int(1_000_000, 4_999_999_999)),
    column("visit", text(&[words(2, 3)])),
    column("kind", text(&[one_of(&["view", "click", "scroll", "purchase", "search"])])),
    column("channel", text(&[words(1, 2)])),
    column("observed_ms", sequence(EPOCH_S * 1000, 20, 20)),
    column("device", text(&[words(2, 4)])),
    column("platform", text(&[one_of(&["android", "ios", "linux", "macos", "windows"])])),
    column("platform_version", decimal(50, 180, 1)),
    column("app_build", text(&[number(1, 12), literal("."), number(0, 60)])),
    column("country", text(&[one_of(&["PT", "JP", "CA", "KE", "CH", "US", "BR"])])),
    column("province", text(&[words(1, 3)])),
    column("city", text(&[one_of(CITIES)])),
    column("lat", decimal(-90_000_000, 90_000_000, 6)),
    column("lon", decimal(-180_000_000, 180_000_000, 6)),
    column("network_asn", int(1, 65_535)),
    column("mobile", bool(60)),
    column("signed_in", bool(40)),
    column("page", text(&[literal("/"), words(5, 9)])),
    column("referrer", nullable(50, &text(&[words(2, 5)]))),
    column("viewport_width", int(320, 3840)),
    column("viewport_height", int(480, 2160)),
    column("load_ms", decimal(1000, 9_000_000, 3)),
    column("ready_ms", decimal(1000, 9_000_000, 3)),
    column("scroll_ratio", decimal(0, 100, 2)),
    column("click_count", int(0, 40)),
    column("basket_items", int(0, 12)),
    column("basket_value", decimal(0, 99_999, 2)),
    column("currency", text(&[one_of(&["EUR", "JPY", "CAD", "KES", "CHF", "USD", "BRL"])])),
    column("discount", nullable(20, &decimal(0, 500, 1))),
    column("voucher", nullable(50, &text(&[words(1, 3)]))),
    column("experiment", nullable(50, &int(1, 900))),
    column("variant", text(&[one_of(&["control", "treatment", "holdout"])])),
    column("robot", bool(3)),
    column("anomaly", bool(1)),
    column("bytes_out", int(200, 9_999_999)),
    column("bytes_in", int(200, 999_999_999)),
    column("user_agent", text(&[words(4, 6)])),
    column("consented", bool(80)),
];

/// The columns of [`WIDE`] that the projected workload asks for: an integer, a string, two floats and a boolean.
pub(super) const PROJECTION: &[&str] = &["visitor", "kind", "lat", "basket_value", "robot"];

/// One request's trace: structs two deep and a list of structs.
pub(super) const NESTED: &[Column] = &[
    column("trace_id", text(&[hex(32)])),
    column(
        "service",
        object(&[
            column("name", text(&[one_of(WORDS), literal("-api")])),
            column("version", text(&[number(1, 9), literal("."), number(0, 30)])),
            column(
                "host",
                object(&[
                    column("name", text(&[literal("node-"), number(100, 999), literal(".internal")])),
                    column("zone", text(&[one_of(&["eu-west-1a", "us-east-1c", "ap-south-1b"])])),
                    column("cores", int(2, 128)),
                ]),
            ),
        ]),
    ),
    column("received_ms", sequence(EPOCH_S * 1000, 50, 50)),
    column(
        "spans",
        list(
            1,
            4,
            &object(&[
                column("span_id", text(&[hex(16)])),
                column("operation", text(&[words(2, 5)])),
                column("start_us", int(0, 2_000_000)),
                column("duration_us", int(10, 900_000)),
                column("status", object(&[column("code", int(0, 16)), column("message", text(&[words(1, 3)]))])),
                column("retried", bool(10)),
            ]),
        ),
    ),
    column("labels", list(0, 3, &text(&[one_of(WORDS)]))),
    column("score", decimal(0, 100_000, 3)),
    column("sampled", bool(90)),
];

pub(super) const ESCAPES_AND_UNICODE: &[Column] = &[
    column("seq", sequence(0, 1, 1)),
    column("subject", text(&[mix(4, 4)])),
    column("comment", text(&[mix(28, 32)])),
    column(
        "path",
        text(&[
            literal(r"C:\\Users\\"),
            one_of(WORDS),
            literal(r"\\"),
            one_of(WORDS),
            literal(r"\\note"),
            number(0, 999),
            literal(".txt"),
        ]),
    ),
    column("sender", text(&[mix(2, 2)])),
];

/// Sixteen readings; the scale decides how many zeros or integer digits stand before the significant ones.
pub(super) const FLOATS: &[Column] = &[
    column("m0", float(0.01)),
    column("m1", float(0.1)),
    column("m2", float(1.0)),
    column("m3", float(10.0)),
    column("m4", float(100.0)),
    column("m5", float(1000.0)),
    column("m6", float(10_000.0)),
    column("m7", float(0.01)),
    column("m8", float(0.1)),
    column("m9", float(1.0)),
    column("m10", float(10.0)),
    column("m11", float(100.0)),
    column("m12", float(1000.0)),
    column("m13", float(10_000.0)),
    column("m14", float(1.0)),
    column("m15", float(100.0)),
];

pub(super) const ORDERS: &[Column] = &[
    column("order_id", sequence(7_000_000_001, 1, 1)),
    column("placed_at", instant(EPOCH_S, 250)),
    column("status", text(&[one_of(&["new", "paid", "packed", "shipped", "delivered", "returned"])])),
    column(
        "customer",
        object(&[
            column("id", int(1, 2_000_000)),
            column(
                "name",
                text(&[
                    one_of(&["Ada", "Béla", "Chinua", "Dagny", "Eoin", "Faiza", "Grace", "Zoë"]),
                    literal(" "),
                    one_of(&["Okafor", "Lindqvist", "Tanaka", "O'Neill", "Müller", "Costa", "Novák"]),
                ]),
            ),
            column("email", text(&[one_of(WORDS), literal("."), number(1, 9999), literal("@example.com")])),
            optional("tier", 30, text(&[one_of(&["silver", "gold", "platinum"])])),
        ]),
    ),
    column(
        "items",
        list(
            1,
            4,
            &object(&[
                column("sku", text(&[one_of(&["BK", "EL", "GR", "TY"]), literal("-"), number(10_000, 99_999)])),
                column("title", text(&[words(1, 4)])),
                column("quantity", int(1, 5)),
                column("unit_price", magnitude(3, 2)),
                optional("gift", 10, bool(100)),
            ]),
        ),
    ),
    column("currency", text(&[one_of(&["EUR", "JPY", "CAD", "USD"])])),
    column("total", magnitude(4, 2)),
    optional("coupon", 15, text(&[one_of(&["WELCOME", "SPRING", "LOYAL"]), number(5, 25)])),
    column(
        "ship_to",
        object(&[
            column("street", text(&[number(1, 250), literal(" "), one_of(WORDS), literal(" street")])),
            column("city", text(&[one_of(CITIES)])),
            optional("postcode", 80, text(&[number(10_000, 99_999)])),
        ]),
    ),
    column("express", bool(20)),
    optional(
        "note",
        25,
        nullable(
            40,
            &text(&[one_of(&[
                "please ring twice",
                r#"leave at the \"blue\" door"#,
                r"2nd floor\nno lift",
                "merci d'avance",
            ])]),
        ),
    ),
];
