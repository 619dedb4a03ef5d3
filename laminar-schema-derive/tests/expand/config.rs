// pub struct KafkaConfig {
// /// Brokers to connect to first
// #[config(alias = "bootstrap.servers")]
// brokers: Vec<String>,
// /// Records to fetch at most
// #[config(default = 500)]
// max_records: u64,
// /// Consumer group; none reads without one
// #[config(rename = "group.id")]
// group: Option<String>,
// /// Where to start
// #[config(parse = parse_start, default = "earliest", type_name = "earliest or latest")]
// start: Start,
// }

// p = ::laminar_schema::__private
const _: () = {
    #[automatically_derived]
    impl p::ConnectorConfig for KafkaConfig
    where
        Vec<String>: p::FromConfigValue,
        u64: p::FromConfigValue,
        String: p::FromConfigValue,
    {
        const KEYS: &'static [p::ConfigKey] = {
            #[allow(unused_imports)]
            use p::NotImplemented as _;
            &[
                p::ConfigKey {
                    key: "brokers",
                    aliases: &["bootstrap.servers"],
                    type_name: <Vec<String> as p::FromConfigValue>::TYPE_NAME,
                    required: true,
                    default: p::None,
                    doc: "Brokers to connect to first",
                    secret: <Vec<String> as p::FromConfigValue>::SECRET,
                },
                p::ConfigKey {
                    key: "max_records",
                    aliases: &[],
                    type_name: <u64 as p::FromConfigValue>::TYPE_NAME,
                    required: false,
                    default: p::Some("500"),
                    doc: "Records to fetch at most",
                    secret: <u64 as p::FromConfigValue>::SECRET,
                },
                p::ConfigKey {
                    key: "group.id",
                    aliases: &[],
                    type_name: <String as p::FromConfigValue>::TYPE_NAME,
                    required: false,
                    default: p::None,
                    doc: "Consumer group; none reads without one",
                    secret: <String as p::FromConfigValue>::SECRET,
                },
                p::ConfigKey {
                    key: "start",
                    aliases: &[],
                    type_name: "earliest or latest",
                    required: false,
                    default: p::Some("earliest"),
                    doc: "Where to start",
                    secret: p::Probe::<Start>::SECRET,
                },
            ]
        };
        fn from_options(__options: &p::Options) -> p::Result<Self, p::ConfigErrors> {
            let mut __reader = p::OptionReader::new(__options, Self::KEYS);
            let brokers = __reader
                .read::<Vec<String>>(0, <Vec<String> as p::FromConfigValue>::from_value);
            let max_records = __reader
                .read::<u64>(1, <u64 as p::FromConfigValue>::from_value);
            let group = __reader
                .read::<String>(2, <String as p::FromConfigValue>::from_value);
            let start = __reader.read::<Start>(3, parse_start);
            __reader
                .build(|| p::Some(Self {
                    brokers: brokers?,
                    max_records: max_records?,
                    group: group,
                    start: start?,
                }))
        }
    }
    const _: u64 = 500;
};
