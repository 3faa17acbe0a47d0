//! glowplug
