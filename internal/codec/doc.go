// Package codec turns document bodies into the bytes that a vault stores and
// back. Which codec a body has is written beside it, so a vault may hold several
// at once.
package codec
