//! A writer's condition about the content to be replaced, so that nobody's work is overwritten unseen (RFC 9110, 13.1).

use crate::base::problem::{Error, code};

/// A writer's condition about the content to be replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// No condition. This suffices only if there is no content yet.
    #[default]
    Unsaid,
    /// Any content, or none, may be there.
    Any,
    /// There must be no content.
    Absent,
    /// The content must have one of these digests.
    Digest(Vec<String>),
}

impl Precondition {
    /// Returns whether the digest of the content is needed. Otherwise it is enough to know whether there is content.
    pub(super) fn needs_digest(&self) -> bool {
        matches!(self, Self::Digest(_))
    }

    /// Checks the condition against the digest of the current content; `None`: there is none. `what` names it, for example `the
    /// file "a.py"`.
    ///
    /// # Errors
    /// The content is different, or the writer gave no condition.
    pub(super) fn demand(&self, what: &str, there: Option<&str>) -> Result<(), Error> {
        match (self, there) {
            (Self::Any, _) | (Self::Unsaid | Self::Absent, None) => Ok(()),
            (Self::Unsaid, Some(_)) => Err(Error::usage(
                code::PRECONDITION_REQUIRED,
                format!("{what} is there already, and the request does not say which content it replaces"),
            )
            .hint("send the ETag that you read in `If-Match`, or `If-Match: *` to replace whatever is there")),
            (Self::Digest(known), Some(there)) if known.iter().any(|digest| digest == there) => Ok(()),
            (Self::Absent | Self::Digest(_), _) => Err(Error::usage(
                code::PRECONDITION_FAILED,
                format!("{what} was changed since you read it"),
            )
            .hint("read it again, and send your change with its new ETag in `If-Match`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::problem::Problem;

    #[test]
    fn only_a_writer_who_knows_the_content_replaces_it() {
        let digest = |known: &[&str]| {
            Precondition::Digest(known.iter().map(|digest| (*digest).to_owned()).collect())
        };
        let (stale, blind) = (Some("precondition_failed"), Some("precondition_required"));
        for (said, over_content, over_nothing) in [
            (Precondition::Unsaid, blind, None),
            (Precondition::Any, None, None),
            (Precondition::Absent, stale, None),
            (digest(&["a"]), None, stale),
            (digest(&["b", "a"]), None, stale),
            (digest(&["b"]), stale, stale),
            (digest(&[]), stale, stale),
        ] {
            let code = |there| said.demand("x", there).err().map(|error| error.code());
            assert_eq!(code(Some("a")), over_content, "{said:?}");
            assert_eq!(code(None), over_nothing, "{said:?}");
        }
    }
}
