//! Options that are one word of several.

/// Declares an enum that is an option of one word, in any case: what the words are, and which one is the default.
///
/// ```
/// use laminar_schema::{config::FromConfigValue, option_words};
///
/// option_words! {
///     /// Where to begin.
///     StartAt, "earliest or latest", Earliest {
///         /// At the oldest record.
///         Earliest = "earliest",
///         /// Behind the newest one.
///         Latest = "latest",
///     }
/// }
///
/// assert_eq!(StartAt::from_value(" LATEST "), Ok(StartAt::Latest));
/// assert!(StartAt::from_value("middle").is_err());
/// assert_eq!(StartAt::default().word(), "earliest");
/// ```
#[macro_export]
macro_rules! option_words {
    (
        $(#[$doc:meta])* $ty:ident, $names:literal, $default:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal),* $(,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $ty { $($(#[$variant_doc])* $variant),* }

        impl $ty {
            /// The word that stands for it in options.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl ::std::default::Default for $ty {
            fn default() -> Self {
                Self::$default
            }
        }

        $crate::impl_option_words! { $ty: $names, $($word => $variant),* }
    };
}

/// Makes an enum an option of one word, in any case, where it stands already: one variant may have several words.
///
/// ```
/// use laminar_schema::{config::FromConfigValue, impl_option_words};
///
/// #[derive(Debug, PartialEq, Eq)]
/// pub enum NotANumber {
///     Reject,
///     Null,
/// }
/// impl_option_words! { NotANumber: "reject or null", "reject" => Reject, "fail" => Reject, "null" => Null }
///
/// assert_eq!(NotANumber::from_value("Fail "), Ok(NotANumber::Reject));
/// assert!(NotANumber::from_value("").is_err());
/// ```
#[macro_export]
macro_rules! impl_option_words {
    ($ty:ident: $names:literal, $($word:literal => $variant:ident),* $(,)?) => {
        impl $crate::config::FromConfigValue for $ty {
            const TYPE_NAME: &'static str = $names;

            fn from_value(text: &str) -> ::std::result::Result<Self, ::std::string::String> {
                let text = text.trim();
                $(if text.eq_ignore_ascii_case($word) { return ::std::result::Result::Ok(Self::$variant); })*
                ::std::result::Result::Err(::std::string::String::new())
            }
        }
    };
}
