//! What is asked of either server in one breath.

use super::http::Answer;

/// The same for the server in the test's own process and for the one in a process of its own.
macro_rules! asks {
    ($server:ty, $send:expr) => {
        impl $server {
            /// A request without a body.
            #[track_caller]
            pub fn bare(&self, method: &str, path: &str) -> Answer {
                let send: fn(&Self, &str, &str) -> Answer = $send;
                send(self, method, path)
            }

            /// What a path answers with is a problem.
            #[track_caller]
            pub fn refuses(&self, path: &str, status: u16, code: &str) {
                self.get(path).refuses(status, code);
            }

            /// A path refuses a field of its query.
            #[track_caller]
            pub fn refuses_field(&self, path: &str, field: &str) {
                self.get(path).refuses_field(field);
            }
        }
    };
}

asks!(super::api::Server, |server, method, path| {
    server.send(method, path, &[], b"")
});
asks!(super::http::Server, |server, method, path| {
    server.ask(method, path).send()
});
