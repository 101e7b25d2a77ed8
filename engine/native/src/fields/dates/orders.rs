//! The orders of day, month and year, and sets of them.

use crate::fields::reading::Order;

/// All orders. If nothing else decides, the first possible one is chosen.
pub const ORDERS: [Order; 4] = [
    Order::DayFirst,
    Order::MonthFirst,
    Order::YearDay,
    Order::YearFirst,
];

/// A set of [`ORDERS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders(u8);

impl Orders {
    pub const DAY_OR_MONTH_FIRST: Self =
        Self(1 << Order::DayFirst as u8 | 1 << Order::MonthFirst as u8);

    /// Returns the set of one order.
    pub const fn only(order: Order) -> Self {
        Self(1 << order as u8)
    }

    pub const fn all_but(order: Order) -> Self {
        Self(((1 << ORDERS.len()) - 1) & !Self::only(order).0)
    }

    /// Returns the orders for which a condition holds.
    pub fn that(mut is_so: impl FnMut(Order) -> bool) -> Self {
        let orders = ORDERS.into_iter().filter(|order| is_so(*order));
        Self(orders.fold(0, |bits, order| bits | 1 << order as u8))
    }

    pub fn with(self, order: Order) -> Self {
        Self(self.0 | 1 << order as u8)
    }

    /// Returns the orders that are in both sets.
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

    /// Returns the first order of the set, in the sequence of [`ORDERS`].
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
