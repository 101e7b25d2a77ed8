//! Metrics of requests for Prometheus.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::base::mutex::lock;

/// The upper bounds of the histogram of response times, in seconds.
const BOUNDS: [f64; 8] = [0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0];

/// Metrics of requests since the server started.
#[derive(Default)]
pub struct RequestMetrics {
    routes: Mutex<BTreeMap<(String, String, u16), u64>>,
    buckets: [AtomicU64; BOUNDS.len()],
    total: AtomicU64,
    microseconds: AtomicU64,
}

impl RequestMetrics {
    /// Counts a response of a route.
    pub fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let method = known_method(method);
        let mut routes = lock(&self.routes);
        if let Some(count) = routes.get_mut(&(method.to_owned(), route.to_owned(), status)) {
            *count += 1;
        } else if routes.len() < 1000 {
            routes.insert((method.to_owned(), route.to_owned(), status), 1);
        }
        drop(routes);
        self.total.fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(micros, Ordering::Relaxed);
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            if took.as_secs_f64() <= *bound {
                bucket.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Writes the metrics in Prometheus's text format 0.0.4.
    pub fn write(&self, text: &mut String) {
        use std::fmt::Write;
        text.push_str("# HELP ade_http_requests_total Answered requests.\n# TYPE ade_http_requests_total counter\n");
        for ((method, route, status), count) in &*lock(&self.routes) {
            let _ = writeln!(
                text,
                "ade_http_requests_total{{method=\"{method}\",route=\"{route}\",status=\"{status}\"}} {count}"
            );
        }
        text.push_str("# HELP ade_http_answer_seconds Seconds from a request to the head of its answer.\n# TYPE ade_http_answer_seconds histogram\n");
        for (bound, bucket) in BOUNDS.iter().zip(&self.buckets) {
            let count = bucket.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "ade_http_answer_seconds_bucket{{le=\"{bound}\"}} {count}"
            );
        }
        let total = self.total.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let sum = self.microseconds.load(Ordering::Relaxed) as f64 / 1e6;
        let _ = writeln!(
            text,
            "ade_http_answer_seconds_bucket{{le=\"+Inf\"}} {total}\nade_http_answer_seconds_sum {sum}\nade_http_answer_seconds_count {total}"
        );
    }
}

/// Returns a usual method unchanged, and one word for all others: a client may send any word as its method.
fn known_method(method: &str) -> &str {
    match method {
        "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" => method,
        _ => "other",
    }
}
