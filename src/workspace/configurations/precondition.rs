//! What a writer says of the content that is replaced, so that nobody's work is overwritten unseen (RFC 9110, 13.1).

use crate::base::problem::{Error, code};

/// What a writer says of the content that is replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing. That is enough only where there is no content yet.
    #[default]
    Unsaid,
    /// Whatever is there, also where nothing is.
    Any,
    /// Nothing is there.
    Absent,
    /// The content has one of these digests.
    Digest(Vec<String>),
}

impl Precondition {
    /// Whether the digest of the content decides; otherwise it is enough to know whether there is any.
    pub(super) fn needs_digest(&self) -> bool {
        matches!(self, Self::Digest(_))
    }

    /// Compares it with the digest of the content that is there; `None`: nothing is. `what` names it, as `the file "a.py"`.
    ///
    /// # Errors
    /// The content is another one, or the writer has to say which one it is.
    pub(super) fn demand(&self, what: &str, there: Option<&str>) -> Result<(), Error> {
        match (self, there) {
            (Self::Any, _) | (Self::Unsaid | Self::Absent, None) => Ok(()),
            (Self::Unsaid, Some(_)) => Err(Error::usage(
                code::PRECONDITION_REQUIRED,
                format!("{what} is there already, and the request does not say which content it replaces"),
            )
            .hint("send the ETag that you read in `If-Match`, or `If-Match: *` to replace whatever is there")),
            (Self::Digest(known), Some(there)) if known.iter().any(|one| one == there) => Ok(()),
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
            Precondition::Digest(known.iter().map(|one| (*one).to_owned()).collect())
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
