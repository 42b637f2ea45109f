/// The scripts whose letters are easily mistaken for one another.
public enum LetterScript: String, CaseIterable, Sendable, CustomStringConvertible {
    case latin = "Latin"
    case greek = "Greek"
    case cyrillic = "Cyrillic"

    public var description: String { rawValue }

    /// Creates the script of a letter in a normalized (NFKC) text; nil for letters of other scripts and for other
    /// characters.
    init?(of scalar: Unicode.Scalar) {
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A: self = .latin
        case 0...0xBF: return nil
        case let value where Self.latinRanges.contains { $0.contains(value) }: self = .latin
        case let value where Self.greekRanges.contains { $0.contains(value) }: self = .greek
        case let value where Self.cyrillicRanges.contains { $0.contains(value) }: self = .cyrillic
        default: return nil
        }
    }

    // From `Scripts.txt` and the general categories (letters and letter numbers) of Unicode 15.0.0. The ranges also
    // span code points that are unassigned or that normalization replaces.

    private static let latinRanges: [ClosedRange<UInt32>] = [
        0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2AF, 0x1D00...0x1D25, 0x1D2F...0x1D9A, 0x1E00...0x1EFF, 0x2132...0x2132,
        0x214E...0x214E, 0x2180...0x2188, 0x2C60...0x2C7F, 0xA722...0xA787, 0xA78B...0xA7FF, 0xAB30...0xAB5A,
        0xAB60...0xAB64, 0xAB66...0xAB68, 0x10780...0x10780, 0x1DF00...0x1DF2A,
    ]
    private static let greekRanges: [ClosedRange<UInt32>] = [
        0x370...0x373, 0x376...0x3E1, 0x3F3...0x3F3, 0x3F7...0x3FF, 0x1D26...0x1D2A, 0x1F00...0x1FFC, 0xAB65...0xAB65,
        0x10140...0x10174,
    ]
    private static let cyrillicRanges: [ClosedRange<UInt32>] = [
        0x400...0x481, 0x48A...0x52F, 0x1C80...0x1C8F, 0x1D2B...0x1D2B, 0xA640...0xA66E, 0xA67F...0xA69B,
    ]
}
