//! Features that speak for or against a row's state. A row has a feature or does not; each feature has a phrase that explains
//! it.

use foldhash::HashSet;

use super::kinds::CellKind;
use super::rows::{LayoutGrid, LayoutRow, RowShape};
use super::traits::{Trait, Traits, numbers};

/// The number of rows above and below that a row's columns are compared with.
const NEAR: usize = 8;
/// The number of rows within which a text counts as recurring.
const RECURRING: usize = 30;

/// Returns the numbers of each row's features, in order.
pub fn features(grid: &LayoutGrid) -> Vec<Vec<u16>> {
    let rows = &grid.rows;
    let count = rows.len();
    let has_values: Vec<bool> = rows
        .iter()
        .map(|row| row.shape == RowShape::Values)
        .collect();
    let first_values = has_values.iter().position(|&has| has).unwrap_or(count);
    let last_values = has_values.iter().rposition(|&has| has);
    let mut all: Vec<Traits> = Vec::with_capacity(count);
    let mut fullest_above = 0;
    let mut seen = HashSet::default();
    for k in 0..count {
        let mut found = Traits::default();
        let row = &rows[k];
        own(row, grid, k, &mut found);
        place(rows, &has_values, k, &mut found);
        found.add_if(k <= first_values, Trait::NoValuesAbove);
        found.add_if(
            last_values.is_none_or(|last| last <= k),
            Trait::NoValuesBelow,
        );
        let fullness = row.fullness();
        found.add_if(
            k > 0 && row.count() >= 2 && fullness >= 0.7 && fullest_above * 2 <= row.count(),
            Trait::FirstFull,
        );
        found.add_if(k > 0 && row.count() > fullest_above, Trait::WidestSoFar);
        fullest_above = fullest_above.max(row.count());
        compare(grid, k, ComparedSide::Below, &mut found);
        compare(grid, k, ComparedSide::Above, &mut found);
        let texts = row.texts();
        let is_again = row.count() >= 2 && texts * 2 >= row.count() && seen.contains(&row.all_text);
        found.add_if(is_again, Trait::Again);
        seen.insert(row.all_text);
        if !is_again && texts > 0 && row.count() >= 2 {
            recurring(grid, k, texts, &mut found);
        }
        if let Some(next) = rows.get(k + 1) {
            neighbour(row, next, OF_ROW_BELOW, &mut found);
        }
        if k > 0 {
            neighbour(row, &rows[k - 1], OF_ROW_ABOVE, &mut found);
        }
        unlike_names(grid, k, &mut found);
        conclude(row, &mut found);
        all.push(found);
    }
    for (k, found) in all.iter_mut().enumerate() {
        first_column(grid, k, found);
    }
    (0..count).map(|k| numbers(rows, &all, k)).collect()
}

/// Adds traits that distinguish other rows from names of columns: repeated texts of the row above, or a single text that is
/// long for a name.
fn unlike_names(grid: &LayoutGrid, k: usize, found: &mut Traits) {
    let row = &grid.rows[k];
    if row.count() == 1 && row.columns[0] == grid.first_column {
        found.add_if(row.length_of_first >= 20, Trait::Length20);
        found.add_if(row.words >= 4, Trait::SeveralWords);
    } else if row.count() > 1 && k > 0 {
        let is_repeated = |column: &&u16| {
            let slot = grid.slot(k, **column);
            slot.kind.is_text() && grid.slot(k - 1, **column).text == slot.text
        };
        let texts = row.texts();
        let repeated = row.columns.iter().filter(is_repeated).count();
        found.add_if(repeated > 0 && repeated * 3 >= texts, Trait::RepeatsLast);
    }
}

/// Adds traits that say whether this row, or one further down, names the first column.
fn first_column(grid: &LayoutGrid, k: usize, found: &mut Traits) {
    let rows = &grid.rows;
    let row = &rows[k];
    // A short text in the first column may be its name. Then the rows of names beside it leave that column empty.
    let may_name = row.shape == RowShape::Lone
        && row.length_of_first <= 30
        && !row.first_is_title
        && !row.first_is_note
        && !row.bracket_first;
    if may_name {
        let lacks_first = |other: &LayoutRow| {
            other.columns[0] > grid.first_column && (other.shape.is_names() || other.is_rule)
        };
        let is_above_names = rows
            .get(k + 1)
            .is_some_and(|next| next.gap == 0 && lacks_first(next));
        let above = rows[..k].iter().rev().take(6);
        let mut named = above
            .take_while(|other| {
                other.shape.is_names() || other.shape == RowShape::Aside || other.is_rule
            })
            .map(lacks_first);
        let is_below_names = row.gap <= 1 && named.next() == Some(true) && named.all(|lacks| lacks);
        found.add_if(row.headers > 0, Trait::NameAlone);
        found.add_if(k > 0 && is_above_names, Trait::NamesFirstAbove);
        found.add_if(is_below_names, Trait::NamesFirstBelow);
    }
    // If this row leaves the first column empty or fills only that column, a row further down may name it.
    let is_table = |row: &&LayoutRow| {
        !matches!(
            row.shape,
            RowShape::Values | RowShape::Pairs | RowShape::Prose | RowShape::LoneLong
        )
    };
    let names_first = |row: &LayoutRow| {
        row.count() > 1
            && row.columns[0] == grid.first_column
            && matches!(
                row.shape,
                RowShape::Labels | RowShape::SomeLabels | RowShape::Periods
            )
    };
    let mut below = rows[k + 1..].iter().take(5).take_while(is_table);
    found.add_if(below.any(names_first), Trait::NamedFurtherDown);
}

/// Adds the traits of the row's own cells.
fn own(row: &LayoutRow, grid: &LayoutGrid, k: usize, found: &mut Traits) {
    use Trait::*;
    let count = row.count();
    found.add(match row.fullness() {
        f if f < 0.35 => VeryThin,
        f if f < 0.7 => Thin,
        f if f < 0.95 => NearlyFull,
        f if f <= 1.05 => Full,
        _ => Fuller,
    });
    let begins_left = row.rest_from == 1;
    let (first, last) = (row.columns[0], row.columns[count - 1]);
    let values = row.count_kind(CellKind::Number)
        + row.count_kind(CellKind::Date)
        + row.count_kind(CellKind::Stand);
    found.add_all([
        (count == grid.widest, Widest),
        (count == 2, Two),
        (!begins_left && count > 1, FirstEmpty),
        (
            begins_left && count > 1 && row.columns[1] > grid.first_column + 1,
            GapAfterFirst,
        ),
        (count >= 2 && usize::from(last - first) + 1 > count, Holes),
        (!row.rest().is_empty() && values == 0, NoValues),
        (row.count_kind(CellKind::Number) * 2 >= count, Numbers),
        (row.count_kind(CellKind::Stand) * 3 >= count, Stands),
        (row.count_kind(CellKind::Date) > 0, HasDate),
        (row.count_kind(CellKind::Mixed) * 3 >= count, MixedTexts),
        (row.periods > 0, SomePeriod),
        (row.dates_run, DatesRun),
        (row.has_decimals, Decimals),
        (row.counts_up, CountsUp),
        (row.years_run, YearsRun),
    ]);
    if begins_left && count > 1 {
        match grid.slot(k, first).kind {
            CellKind::Number => found.add(FirstNumber),
            CellKind::Period => found.add(FirstPeriod),
            CellKind::Date => found.add(FirstDate),
            CellKind::Mixed => found.add(FirstMixed),
            CellKind::Words => found.add(FirstWords),
            CellKind::Blank | CellKind::Stand => {}
        }
    }
    own_texts(row, found);
}

/// Adds the traits of the row's texts: their lengths, words and letters.
fn own_texts(row: &LayoutRow, found: &mut Traits) {
    use Trait::*;
    let count = row.count();
    found.add(match row.length_of_first {
        ..=12 => Length12,
        13..=30 => Length30,
        31..=70 => Length70,
        _ => LengthMore,
    });
    if count >= 2 {
        found.add(match row.mean_length {
            l if l < 8.0 => Mean8,
            l if l < 16.0 => Mean16,
            l if l < 30.0 => Mean30,
            _ => MeanMore,
        });
    }
    let units = usize::from(row.units);
    let headers = usize::from(row.headers);
    let distinct = usize::from(row.distinct);
    let lower = row.lower;
    found.add_all([
        (row.longest > 60, Longest60),
        (row.full_stop, FullStop),
        (row.colon, Colon),
        (row.first_is_note, NoteWord),
        (row.first_is_title, TitleWord),
        (row.first_is_total, TotalWord),
        (row.later_total, LaterTotal),
        (units > 0, Unit),
        (count >= 2 && units * 2 >= count, Units),
        (row.bracket_first, BracketFirst),
        (row.bracketed, Bracketed),
        (row.address, Address),
        (row.is_rule, Rule),
        (row.most_bracketed, MostBracketed),
        (headers > 0 && count >= 2, HeaderWord),
        (headers >= 2 && headers * 2 >= count, HeaderWords),
        (row.upper, Upper),
        (lower.is_some_and(|lower| lower >= 0.5), Lower),
        (
            count >= 2 && lower.is_some_and(|lower| lower > 0.0 && lower < 0.5),
            SomeLower,
        ),
        (count >= 2 && lower == Some(0.0), Capitals),
        (count >= 3 && distinct == count, Distinct),
        (count >= 3 && distinct * 5 <= count * 3, Repeats),
        (count >= 2 && distinct == 1, SameText),
    ]);
}

/// Adds the traits of the row's position in the sheet.
fn place(rows: &[LayoutRow], has_values: &[bool], k: usize, found: &mut Traits) {
    use Trait::*;
    if k > 0 {
        found.add([Above0, Above1, Above2][rows[k].gap.min(2)]);
    }
    if let Some(next) = rows.get(k + 1) {
        found.add([Below0, Below1, Below2][next.gap.min(2)]);
    }
    found.add([Top0, Top1, Top2, TopMore][k.min(3)]);
    found.add_if(k + 2 >= rows.len(), Bottom);
    let below = has_values.iter().skip(k + 1).take(5).position(|&has| has);
    found.add(match below {
        None => NextValues0,
        Some(0) => NextValues1,
        Some(1) => NextValues2,
        Some(2) => NextValues3,
        Some(_) => NextValuesMore,
    });
    let above = has_values[..k].iter().rev().take(5).position(|&has| has);
    found.add(match above {
        None => LastValues0,
        Some(0) => LastValues1,
        Some(1) => LastValues2,
        Some(_) => LastValuesMore,
    });
}

/// The classes of cells that a column can consist of. Stand-ins for values count as numbers.
const CLASSES: [CellKind; 5] = {
    use CellKind::*;
    [Number, Period, Date, Mixed, Words]
};

fn class_of(kind: CellKind) -> CellKind {
    match kind {
        CellKind::Stand => CellKind::Number,
        other => other,
    }
}

/// Returns the most frequent class (the first of several that are equally frequent) and the number of cells that are not blank.
fn usual_class(kinds: impl Iterator<Item = CellKind>) -> (CellKind, usize) {
    let mut votes = [0usize; CellKind::COUNT];
    for kind in kinds {
        votes[class_of(kind) as usize] += 1;
    }
    let votes = CLASSES.map(|class| (class, votes[class as usize]));
    let most = votes.into_iter().rev().max_by_key(|(_, count)| *count);
    let total = votes.iter().map(|(_, count)| count).sum();
    (most.map_or(CellKind::Blank, |(class, _)| class), total)
}

/// The side on which a row is compared with other rows.
#[derive(Clone, Copy)]
enum ComparedSide {
    Below,
    Above,
}

impl ComparedSide {
    /// Returns the trait for this side.
    fn pick(self, below: Trait, above: Trait) -> Trait {
        match self {
            Self::Below => below,
            Self::Above => above,
        }
    }
}

/// Compares the row's cells with the columns below it or above it.
fn compare(grid: &LayoutGrid, k: usize, side: ComparedSide, found: &mut Traits) {
    let rows = &grid.rows;
    let near = match side {
        ComparedSide::Below => k + 1..rows.len().min(k + 1 + NEAR),
        ComparedSide::Above => k.saturating_sub(NEAR)..k,
    };
    let others: Vec<usize> = near.filter(|&j| rows[j].count() >= 2).collect();
    if others.is_empty() {
        found.add(side.pick(Trait::NoneBelow, Trait::NoneAbove));
        return;
    }
    compare_kinds(grid, k, &others, side, found);
    if rows[k].count() >= 2 {
        compare_texts(grid, k, &others, side, found);
    }
}

/// Compares the kinds of the row's cells with the usual kinds of their columns.
fn compare_kinds(
    grid: &LayoutGrid,
    k: usize,
    others: &[usize],
    side: ComparedSide,
    found: &mut Traits,
) {
    use Trait::*;
    let row = &grid.rows[k];
    let columns = match row.rest() {
        [] => &row.columns,
        rest => rest,
    };
    let (mut known, mut like, mut over, mut periods, mut plain, mut filled) = (0, 0, 0, 0, 0, 0);
    for &column in columns {
        let theirs = others.iter().map(|&j| grid.slot(j, column).kind);
        let (usual, total) = usual_class(theirs);
        filled += usize::from(total * 3 >= others.len());
        if total == 0 {
            continue;
        }
        known += 1;
        let slot = grid.slot(k, column);
        let mine = if slot.is_period {
            CellKind::Period
        } else {
            class_of(slot.kind)
        };
        match (usual, mine) {
            _ if mine == usual => like += 1,
            (CellKind::Number | CellKind::Date, CellKind::Mixed | CellKind::Words) => over += 1,
            (CellKind::Number, CellKind::Period) => periods += 1,
            (CellKind::Mixed, CellKind::Words) => plain += 1,
            _ => {}
        }
    }
    if known > 0 {
        found.add(match like {
            0 => side.pick(BelowUnlike, AboveUnlike),
            _ if like * 2 < known => side.pick(BelowLittleLike, AboveLittleLike),
            _ if like * 10 < known * 9 => side.pick(BelowMostlyLike, AboveMostlyLike),
            _ => side.pick(BelowLike, AboveLike),
        });
        let names = over + periods;
        found.add_all([
            (
                names > 0 && names * 2 < known,
                side.pick(BelowSomeOver, AboveSomeOver),
            ),
            (
                names > 0 && names * 2 >= known,
                side.pick(BelowOver, AboveOver),
            ),
            (periods * 2 >= known, side.pick(BelowPeriods, AbovePeriods)),
            (plain * 3 >= known, side.pick(BelowPlain, AbovePlain)),
        ]);
    }
    found.add(match filled {
        _ if filled * 2 < columns.len() => side.pick(BelowFewFilled, AboveFewFilled),
        _ if filled < columns.len() => side.pick(BelowMostFilled, AboveMostFilled),
        _ => side.pick(BelowFilled, AboveFilled),
    });
}

/// Compares the patterns and the lengths of the row's texts with those in their columns.
fn compare_texts(
    grid: &LayoutGrid,
    k: usize,
    others: &[usize],
    side: ComparedSide,
    found: &mut Traits,
) {
    use Trait::*;
    let (mut texts, mut alike, mut measured, mut outside) = (0, 0, 0, 0);
    for &column in &grid.rows[k].columns {
        let slot = grid.slot(k, column);
        if !slot.kind.is_text() {
            continue;
        }
        texts += 1;
        let theirs = || others.iter().map(|&j| grid.slot(j, column));
        alike += usize::from(
            theirs().any(|other| other.kind.is_text() && other.pattern == slot.pattern),
        );
        let lengths = || {
            theirs()
                .filter(|other| other.kind != CellKind::Blank)
                .map(|other| other.length)
        };
        if lengths().count() >= 2 {
            measured += 1;
            let (least, most) = (lengths().min(), lengths().max());
            outside += usize::from(Some(slot.length) < least || Some(slot.length) > most);
        }
    }
    if texts > 0 {
        found.add(match alike {
            0 => side.pick(BelowPatternNone, AbovePatternNone),
            _ if alike * 2 < texts => side.pick(BelowPatternSome, AbovePatternSome),
            _ => side.pick(BelowPattern, AbovePattern),
        });
    }
    let is_outside = measured > 0 && outside * 2 >= measured;
    found.add_if(is_outside, side.pick(BelowLength, AboveLength));
}

/// Adds whether the row's texts recur in rows of the same shape above or below: categories recur, names of columns do not.
fn recurring(grid: &LayoutGrid, k: usize, texts: usize, found: &mut Traits) {
    use Trait::*;
    let rows = &grid.rows;
    let row = &rows[k];
    for (near, some, much) in [
        (
            k + 1..rows.len().min(k + 1 + RECURRING),
            BelowRecurs,
            BelowRecursMuch,
        ),
        (k.saturating_sub(RECURRING)..k, AboveRecurs, AboveRecursMuch),
    ] {
        let recurs = |column: u16| {
            let slot = grid.slot(k, column);
            slot.kind.is_text()
                && near.clone().any(|j| {
                    rows[j].shape == row.shape
                        && rows[j].all_text != row.all_text
                        && grid.slot(j, column).text == slot.text
                })
        };
        let count = row.columns.iter().filter(|&&column| recurs(column)).count();
        found.add_if(count > 0, some);
        found.add_if(count * 5 >= texts * 2, much);
    }
}

/// The traits of a comparison with the row below, in the order that [`neighbour`] expects.
const OF_ROW_BELOW: [Trait; 8] = {
    use Trait::*;
    [
        NextMuchFuller,
        NextFuller,
        NextSame,
        NextEmptier,
        NextMuchEmptier,
        NextDisjoint,
        NextWithin,
        NextSameColumns,
    ]
};
/// The traits of a comparison with the row above, in the same order.
const OF_ROW_ABOVE: [Trait; 8] = {
    use Trait::*;
    [
        LastMuchFuller,
        LastFuller,
        LastSame,
        LastEmptier,
        LastMuchEmptier,
        LastDisjoint,
        LastWithin,
        LastSameColumns,
    ]
};

/// Compares how full the row and an adjacent row are, and then which columns they fill.
fn neighbour(row: &LayoutRow, other: &LayoutRow, traits: [Trait; 8], found: &mut Traits) {
    let [fullness @ .., disjoint, within, same_columns] = traits;
    let ratio = row.count() as f32 / other.count() as f32;
    found.add(match ratio {
        r if r < 0.5 => fullness[0],
        r if r < 0.9 => fullness[1],
        r if r <= 1.12 => fullness[2],
        r if r <= 2.0 => fullness[3],
        _ => fullness[4],
    });
    let is_shared = |column: &&u16| other.columns.binary_search(column).is_ok();
    let shared = row.columns.iter().filter(is_shared).count();
    let is_all = shared == row.count();
    found.add_if(shared == 0, disjoint);
    found.add_if(is_all && shared < other.count(), within);
    found.add_if(
        is_all && shared > 1 && shared >= other.count(),
        same_columns,
    );
}

/// Adds traits that follow from several others.
fn conclude(row: &LayoutRow, found: &mut Traits) {
    use Trait::*;
    let is_full = row.shape == RowShape::Labels && row.fullness() >= 0.95;
    found.add_if(
        is_full
            && !found.has(FirstEmpty)
            && !found.has(Holes)
            && found.has(Distinct)
            && !row.rest().is_empty()
            && row.periods == 0,
        FullLabels,
    );
    let may_name = matches!(row.shape, RowShape::Labels | RowShape::Periods);
    if may_name
        && row.count() >= 2
        && found.has(NoValues)
        && !found.has(BelowRecursMuch)
        && !found.has(Repeats)
    {
        let signs = [
            found.has(BelowSomeOver) || found.has(BelowOver),
            found.has(BelowPlain),
            found.has(BelowLength),
            found.has(HeaderWords),
            found.has(BelowPatternNone),
            found.has(FirstFull),
        ];
        let signs = signs.iter().filter(|&&sign| sign).count();
        found.add_if(signs >= 2, Likely);
        found.add_if(signs >= 3, VeryLikely);
    }
    if matches!(
        row.shape,
        RowShape::Labels | RowShape::SomeLabels | RowShape::Periods
    ) && found.has(BelowOver)
    {
        found.add(Names);
        found.add_if(found.has(AboveOver) || found.has(NoneAbove), NamesBoth);
        found.add_if(found.has(NextValues1), NamesNext);
        found.add_if(found.has(Again), NamesAgain);
    }
}
