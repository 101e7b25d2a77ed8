//! The orders of day, month and year, and sets of them.

use crate::fields::reading::Order;

/// All orders, in the order in which one is chosen where nothing else decides.
pub const ORDERS: [Order; 4] = [
    Order::DayFirst,
    Order::MonthFirst,
    Order::YearDay,
    Order::YearFirst,
];

/// Some of [`ORDERS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders(u8);

impl Orders {
    pub const DAY_OR_MONTH_FIRST: Self =
        Self(1 << Order::DayFirst as u8 | 1 << Order::MonthFirst as u8);

    /// The only one.
    pub const fn only(order: Order) -> Self {
        Self(1 << order as u8)
    }

    pub const fn all_but(order: Order) -> Self {
        Self(((1 << ORDERS.len()) - 1) & !Self::only(order).0)
    }

    /// Those for which something is so.
    pub fn that(mut is_so: impl FnMut(Order) -> bool) -> Self {
        let orders = ORDERS.into_iter().filter(|order| is_so(*order));
        Self(orders.fold(0, |bits, order| bits | 1 << order as u8))
    }

    pub fn with(self, order: Order) -> Self {
        Self(self.0 | 1 << order as u8)
    }

    /// Those that are in both.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn has(self, order: Order) -> bool {
        self.0 & 1 << order as u8 != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Order> {
        ORDERS.into_iter().filter(move |order| self.has(*order))
    }

    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// The first of them, as [`ORDERS`] has them.
    pub fn first(self) -> Order {
        self.iter().next().unwrap_or(Order::DayFirst)
    }
}

pub fn name_of(order: Order) -> &'static str {
    match order {
        Order::DayFirst => "day-first",
        Order::MonthFirst => "month-first",
        Order::YearFirst => "year-first",
        Order::YearDay => "year, day, month",
    }
}
