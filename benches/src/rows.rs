//! The shapes of the workloads' records, for peers that parse into structs: each lists the fields for a macro of its own.

/// Hands the fields of all shapes to `$rows`. Every field is optional, because every field of the Arrow schemas is
/// nullable.
macro_rules! workload_rows {
    ($rows:ident) => {
$rows! {
    Trade {
        symbol: Text<'a>, price: f64, volume: f64, ts: i64, side: Text<'a>,
    }
    Wide {
        request_id: Text<'a>,
        account: i64,
        visitor: i64,
        visit: Text<'a>,
        kind: Text<'a>,
        channel: Text<'a>,
        observed_ms: i64,
        device: Text<'a>,
        platform: Text<'a>,
        platform_version: f64,
        app_build: Text<'a>,
        country: Text<'a>,
        province: Text<'a>,
        city: Text<'a>,
        lat: f64,
        lon: f64,
        network_asn: i64,
        mobile: bool,
        signed_in: bool,
        page: Text<'a>,
        referrer: Text<'a>,
        viewport_width: i64,
        viewport_height: i64,
        load_ms: f64,
        ready_ms: f64,
        scroll_ratio: f64,
        click_count: i64,
        basket_items: i64,
        basket_value: f64,
        currency: Text<'a>,
        discount: f64,
        voucher: Text<'a>,
        experiment: i64,
        variant: Text<'a>,
        robot: bool,
        anomaly: bool,
        bytes_out: i64,
        bytes_in: i64,
        user_agent: Text<'a>,
        consented: bool,
    }
    Projected {
        visitor: i64, kind: Text<'a>, lat: f64, basket_value: f64, robot: bool,
    }
    Trace {
        trace_id: Text<'a>, service: Service<'a>, received_ms: i64, spans: Vec<Span<'a>>, labels: Vec<Text<'a>>,
        score: f64, sampled: bool,
    }
    Service {
        name: Text<'a>, version: Text<'a>, host: Host<'a>,
    }
    Host {
        name: Text<'a>, zone: Text<'a>, cores: i64,
    }
    Span {
        span_id: Text<'a>, operation: Text<'a>, start_us: i64, duration_us: i64, status: Status<'a>, retried: bool,
    }
    Status {
        code: i64, message: Text<'a>,
    }
    Escaped {
        seq: i64, subject: Text<'a>, comment: Text<'a>, path: Text<'a>, sender: Text<'a>,
    }
    Floats {
        m0: f64, m1: f64, m2: f64, m3: f64, m4: f64, m5: f64, m6: f64, m7: f64, m8: f64, m9: f64, m10: f64, m11: f64, m12: f64, m13: f64, m14: f64, m15: f64,
    }
}
    };
}
pub(crate) use workload_rows;
