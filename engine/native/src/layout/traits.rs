//! The traits that a row can have, in words, and the numbers of the features made from them: of the row itself, of its
//! neighbours and of its position.

use super::rows::{LayoutRow, RowShape};

macro_rules! traits {
    ($($name:ident = $words:literal,)*) => {
        /// A trait that a row can have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Trait { $($name,)* }
        /// The words for each trait.
        const WORDS: &[&str] = &[$($words,)*];
        const TRAITS: &[Trait] = &[$(Trait::$name,)*];
    };
}

traits! {
    VeryThin = "far fewer cells than rows nearby",
    Thin = "fewer cells than rows nearby",
    NearlyFull = "nearly as many cells as rows nearby",
    Full = "as many cells as rows nearby",
    Fuller = "more cells than rows nearby",
    Widest = "as many cells as the fullest row",
    Two = "two cells",
    FirstEmpty = "first column empty",
    GapAfterFirst = "a gap after the first column",
    Holes = "empty cells between others",
    NoValues = "no values",
    Numbers = "mostly numbers",
    Stands = "placeholders instead of values",
    HasDate = "a date",
    MixedTexts = "letters and digits together",
    SomePeriod = "a year or another period",
    DatesRun = "dates in order",
    FirstNumber = "begins with a number",
    FirstPeriod = "begins with a period",
    FirstDate = "begins with a date",
    FirstMixed = "begins with letters and digits",
    FirstWords = "begins with words",
    Decimals = "numbers with fractions",
    CountsUp = "numbers that count up",
    YearsRun = "years in order",
    Length12 = "begins with a short text",
    Length30 = "begins with a text of medium length",
    Length70 = "begins with a long text",
    LengthMore = "begins with a very long text",
    Longest60 = "a long text",
    Mean8 = "very short texts",
    Mean16 = "short texts",
    Mean30 = "texts of medium length",
    MeanMore = "long texts",
    FullStop = "a full stop",
    Colon = "a colon at the end",
    NoteWord = "a word that begins notes",
    TitleWord = "a word that begins titles",
    TotalWord = "a word for totals",
    LaterTotal = "a word for totals further right",
    Unit = "a unit",
    Units = "mostly units",
    BracketFirst = "begins with a bracket",
    Bracketed = "a text in brackets",
    Address = "an address of mail or web",
    HeaderWord = "a word that headers have",
    HeaderWords = "mostly words that headers have",
    Upper = "capital letters",
    Lower = "small letters at the beginning of texts",
    SomeLower = "some texts begin small",
    Capitals = "each text begins with a capital",
    Distinct = "no text twice",
    Repeats = "texts that repeat within the row",
    SameText = "the same text in each cell",
    Above0 = "no blank row above",
    Above1 = "a blank row above",
    Above2 = "blank rows above",
    Below0 = "no blank row below",
    Below1 = "a blank row below",
    Below2 = "blank rows below",
    Top0 = "the first filled row",
    Top1 = "the second filled row",
    Top2 = "the third filled row",
    TopMore = "not among the first three rows",
    Bottom = "one of the last two rows",
    NextValues1 = "values in the next row",
    NextValues2 = "the next values two rows below",
    NextValues3 = "the next values three rows below",
    NextValuesMore = "values a few rows below",
    NextValues0 = "no values in the rows below",
    LastValues1 = "values in the row above",
    LastValues2 = "the last values two rows above",
    LastValuesMore = "values a few rows above",
    LastValues0 = "no values in the rows above",
    FirstFull = "at least twice as full as any row above",
    WidestSoFar = "fuller than all rows above",
    NoneBelow = "no rows of several cells below",
    BelowUnlike = "unlike the columns below",
    BelowLittleLike = "little like the columns below",
    BelowMostlyLike = "mostly like the columns below",
    BelowLike = "same kinds as the columns below",
    BelowSomeOver = "names over some columns of values",
    BelowOver = "names over columns of values",
    BelowPeriods = "periods over columns of values",
    BelowPlain = "words over columns of codes",
    BelowFewFilled = "few of its columns go on below",
    BelowMostFilled = "most of its columns go on below",
    BelowFilled = "its columns go on below",
    BelowPatternNone = "patterns of text that do not occur below",
    BelowPatternSome = "patterns of text of which some occur below",
    BelowPattern = "patterns of text as below",
    BelowLength = "lengths of text unlike those below",
    NoneAbove = "no rows of several cells above",
    AboveUnlike = "unlike the columns above",
    AboveLittleLike = "little like the columns above",
    AboveMostlyLike = "mostly like the columns above",
    AboveLike = "same kinds as the columns above",
    AboveSomeOver = "names under some columns of values",
    AboveOver = "names under columns of values",
    AbovePeriods = "periods under columns of values",
    AbovePlain = "words under columns of codes",
    AboveFewFilled = "few of its columns are filled above",
    AboveMostFilled = "most of its columns are filled above",
    AboveFilled = "its columns are filled above",
    AbovePatternNone = "patterns of text that do not occur above",
    AbovePatternSome = "patterns of text of which some occur above",
    AbovePattern = "patterns of text as above",
    AboveLength = "lengths of text unlike those above",
    Again = "the same row occurs further up",
    BelowRecurs = "a text that recurs in its column below",
    BelowRecursMuch = "texts that recur in their columns below",
    AboveRecurs = "a text that recurs in its column above",
    AboveRecursMuch = "texts that recur in their columns above",
    NextMuchFuller = "the next row is much fuller",
    NextFuller = "the next row is fuller",
    NextSame = "the next row is as full",
    NextEmptier = "the next row is emptier",
    NextMuchEmptier = "the next row is much emptier",
    NextDisjoint = "other columns than the next row",
    NextWithin = "the next row has its columns and more",
    NextSameColumns = "same columns as the next row",
    LastMuchFuller = "the row above is much fuller",
    LastFuller = "the row above is fuller",
    LastSame = "the row above is as full",
    LastEmptier = "the row above is emptier",
    LastMuchEmptier = "the row above is much emptier",
    LastDisjoint = "other columns than the row above",
    LastWithin = "the row above has its columns and more",
    LastSameColumns = "same columns as the row above",
    FullLabels = "a label, all different, in each column",
    Likely = "two hints of a header, above text",
    VeryLikely = "three hints of a header, above text",
    Names = "names over columns of other kinds",
    NamesBoth = "names unlike the columns above and below",
    NamesNext = "names directly over values",
    NamesAgain = "names that also occur further up",
    NamedFurtherDown = "the first column is named further down",
    NoValuesAbove = "no values anywhere above",
    NoValuesBelow = "no values anywhere below",
    Rule = "a line drawn with characters",
    MostBracketed = "mostly texts in brackets",
    NamesFirstAbove = "a name for the first column, over names for the others",
    NamesFirstBelow = "a name for the first column, under names for the others",
    NameAlone = "a word that headers have, alone",
    RepeatsLast = "texts that the row above has in the same columns",
    Length20 = "alone, with twenty characters or more",
    SeveralWords = "alone, with four words or more",
}

pub(super) const COUNT: usize = WORDS.len();
/// The zone of a row: above all rows of values, between them, below them, or in a sheet without any.
const ZONES: [&str; 4] = [
    "above the values",
    "among the values",
    "below the values",
    "in a sheet without values",
];

// The first number of each group of features: traits of the row itself, of its neighbours, by zone; then shapes, alone and in
// pairs.
pub(super) const BELOW: usize = COUNT;
const ABOVE: usize = 2 * COUNT;
const ZONED: usize = 3 * COUNT;
const SHAPE: usize = 7 * COUNT;
const ZONED_SHAPE: usize = SHAPE + RowShape::COUNT;
const NEXT: usize = ZONED_SHAPE + 4 * RowShape::COUNT;
const PAIRS: usize = RowShape::COUNT * (RowShape::COUNT + 1);
pub(super) const LAST: usize = NEXT + PAIRS;
const NEXT_BUT_ONE: usize = LAST + PAIRS;
const LAST_BUT_ONE: usize = NEXT_BUT_ONE + RowShape::COUNT;
const UNNAMED_NEXT: usize = LAST_BUT_ONE + RowShape::COUNT;
/// The number of all features.
pub const FEATURES: usize = UNNAMED_NEXT + PAIRS;

/// Traits that are also features of the row above and the row below.
const OF_NEIGHBOURS: &[Trait] = {
    use Trait::*;
    &[
        Likely,
        VeryLikely,
        FullLabels,
        Names,
        FirstFull,
        HeaderWords,
        Again,
        BelowRecurs,
        Units,
        NoteWord,
        Full,
        FirstEmpty,
        BelowPattern,
        Distinct,
        YearsRun,
        TitleWord,
        Upper,
        Capitals,
        NoValues,
        TotalWord,
        Above0,
        Below0,
        NamesNext,
        Rule,
        NamesFirstAbove,
    ]
};
/// Traits whose meaning depends on whether the row is above, among or below the values.
const BY_ZONE: &[Trait] = {
    use Trait::*;
    &[
        Above0,
        Above1,
        Above2,
        Below0,
        Below1,
        FirstFull,
        HeaderWords,
        BelowRecurs,
        BelowPattern,
        BelowPatternNone,
        Distinct,
        Full,
        Upper,
        BelowPlain,
        BelowLength,
        FullLabels,
        Likely,
        VeryLikely,
        Names,
        NamesBoth,
        Again,
        Bottom,
        TotalWord,
        NoteWord,
        TitleWord,
        FirstEmpty,
        NoValues,
        Top0,
        Rule,
        NamesFirstAbove,
        NamesFirstBelow,
    ]
};

/// Returns the words for a feature.
pub fn words_of(feature: usize) -> String {
    let shape = |number: usize| RowShape::NAMES.get(number).copied().unwrap_or("nothing");
    let pair = |at: usize| {
        (
            shape(at / (RowShape::COUNT + 1)),
            shape(at % (RowShape::COUNT + 1)),
        )
    };
    if feature < BELOW {
        WORDS[feature].to_owned()
    } else if feature < ABOVE {
        format!("next row: {}", WORDS[feature - BELOW])
    } else if feature < ZONED {
        format!("row above: {}", WORDS[feature - ABOVE])
    } else if feature < SHAPE {
        let at = feature - ZONED;
        format!("{}: {}", ZONES[at / COUNT], WORDS[at % COUNT])
    } else if feature < ZONED_SHAPE {
        shape(feature - SHAPE).to_owned()
    } else if feature < NEXT {
        let at = feature - ZONED_SHAPE;
        format!(
            "{}: {}",
            ZONES[at / RowShape::COUNT],
            shape(at % RowShape::COUNT)
        )
    } else if feature < LAST {
        let (own, next) = pair(feature - NEXT);
        format!("{own}, then {next}")
    } else if feature < NEXT_BUT_ONE {
        let (own, last) = pair(feature - LAST);
        format!("{own} after {last}")
    } else if feature < LAST_BUT_ONE {
        format!("{} two rows below", shape(feature - NEXT_BUT_ONE))
    } else if feature < UNNAMED_NEXT {
        format!("{} two rows above", shape(feature - LAST_BUT_ONE))
    } else {
        let (own, next) = pair(feature - UNNAMED_NEXT);
        format!("{own}, then {next}, with the first column named below")
    }
}

/// The set of traits of one row.
#[derive(Clone, Copy, Default)]
pub(super) struct Traits([u64; COUNT.div_ceil(64)]);

impl Traits {
    pub(super) fn add(&mut self, row_trait: Trait) {
        self.0[row_trait as usize / 64] |= 1 << (row_trait as usize % 64);
    }

    pub(super) fn add_if(&mut self, holds: bool, row_trait: Trait) {
        if holds {
            self.add(row_trait);
        }
    }

    pub(super) fn add_all<const COUNT: usize>(&mut self, facts: [(bool, Trait); COUNT]) {
        for (holds, row_trait) in facts {
            self.add_if(holds, row_trait);
        }
    }

    pub(super) fn has(&self, row_trait: Trait) -> bool {
        self.0[row_trait as usize / 64] & (1 << (row_trait as usize % 64)) != 0
    }
}

/// Returns the numbers of all features of a row.
pub(super) fn numbers(rows: &[LayoutRow], all: &[Traits], k: usize) -> Vec<u16> {
    let own = &all[k];
    let mut found: Vec<usize> = (0..COUNT).filter(|&at| own.has(TRAITS[at])).collect();
    let zone = match (own.has(Trait::NoValuesAbove), own.has(Trait::NoValuesBelow)) {
        (true, false) => 0,
        (false, false) => 1,
        (false, true) => 2,
        (true, true) => 3,
    };
    for &row_trait in OF_NEIGHBOURS {
        if all.get(k + 1).is_some_and(|next| next.has(row_trait)) {
            found.push(BELOW + row_trait as usize);
        }
        if k > 0 && all[k - 1].has(row_trait) {
            found.push(ABOVE + row_trait as usize);
        }
    }
    for &row_trait in BY_ZONE {
        if own.has(row_trait) {
            found.push(ZONED + zone * COUNT + row_trait as usize);
        }
    }
    let shape = |at: Option<usize>| {
        at.and_then(|at| rows.get(at))
            .map_or(RowShape::COUNT, |row| row.shape as usize)
    };
    let (mine, next, last) = (shape(Some(k)), shape(Some(k + 1)), shape(k.checked_sub(1)));
    found.push(SHAPE + mine);
    found.push(ZONED_SHAPE + zone * RowShape::COUNT + mine);
    found.push(NEXT + mine * (RowShape::COUNT + 1) + next);
    found.push(LAST + mine * (RowShape::COUNT + 1) + last);
    if k + 2 < rows.len() {
        found.push(NEXT_BUT_ONE + shape(Some(k + 2)));
    }
    if k > 1 {
        found.push(LAST_BUT_ONE + shape(Some(k - 2)));
    }
    if matches!(rows[k].shape, RowShape::Lone | RowShape::LoneLong)
        && own.has(Trait::NamedFurtherDown)
    {
        found.push(UNNAMED_NEXT + mine * (RowShape::COUNT + 1) + next);
    }
    found.into_iter().map(|feature| feature as u16).collect()
}
