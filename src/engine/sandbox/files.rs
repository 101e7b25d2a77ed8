//! Which files may be opened, by Landlock: a rule for each place, and nothing else.
//!
//! Landlock also keeps the child from sending signals to processes outside, and, where no network is allowed, from TCP.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
    path_beneath_rules,
};

use super::places::Places;

/// What is asked for. An older kernel gives as much of it as it has.
const ABI_ASKED: ABI = ABI::V6;

fn reading() -> BitFlags<AccessFs> {
    AccessFs::ReadFile | AccessFs::ReadDir
}

/// All but sockets, pipes and devices.
fn writing() -> BitFlags<AccessFs> {
    let not_files = AccessFs::MakeSock
        | AccessFs::MakeFifo
        | AccessFs::MakeChar
        | AccessFs::MakeBlock
        | AccessFs::IoctlDev;
    reading() | (AccessFs::from_write(ABI_ASKED) & !not_files)
}

/// The rules for these places. A place that does not exist has no rule.
pub(super) fn prepare(places: &Places, network: bool) -> Result<RulesetCreated, RulesetError> {
    let mut asked = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI_ASKED))?
        .scope(Scope::from_all(ABI_ASKED))?;
    if !network {
        asked = asked.handle_access(AccessNet::from_all(ABI_ASKED))?;
    }
    let rules = |places: &[PathBuf], access| path_beneath_rules(places.to_vec(), access);
    let (more, written) = if places.is_build {
        let written = AccessFs::from_write(ABI_ASKED) | reading();
        (BitFlags::from(AccessFs::IoctlDev), written)
    } else {
        (BitFlags::empty(), writing())
    };
    asked
        .create()?
        .add_rules(rules(
            &places.programs,
            reading() | AccessFs::Execute | more,
        ))?
        .add_rules(rules(&places.reads, reading()))?
        .add_rules(rules(&places.writes, written))?
        .add_rules(rules(
            &places.devices,
            AccessFs::ReadFile | AccessFs::WriteFile | more,
        ))
}

/// Applies the rules to this thread, and lets it read what the kernel says of the process itself: opened here, in the child,
/// for in the parent the path means the parent.
pub(super) fn apply(rules: RulesetCreated) -> Result<(), RulesetError> {
    let rules = match PathFd::new("/proc/self") {
        Ok(own) => rules.add_rule(PathBeneath::new(own, reading()))?,
        Err(_) => rules,
    };
    rules.restrict_self().map(drop)
}
