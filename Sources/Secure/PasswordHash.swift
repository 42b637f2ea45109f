import COpenSSL
@_spi(_Unicode) import Swift

/// A password as it is stored: its scrypt hash (RFC 7914) and the parameters to compute it again. The password cannot
/// be recovered, and each guess costs as much memory and time as a check.
public struct PasswordHash: Sendable, Equatable, CustomReflectable {
    /// The cost of one guess.
    public let cost: Cost
    /// Random bytes that make equal passwords hash differently.
    public let salt: [UInt8]
    private let digest: [UInt8]

    /// The parameters of scrypt (RFC 7914 §2). Memory in bytes is 128 · r · 2^logN.
    public struct Cost: Hashable, Sendable {
        /// The binary logarithm of N.
        public let logN: Int
        public let r: Int
        public let p: Int

        /// Creates a cost from its parameters.
        /// - Returns: Nil unless logN is 1...20, r 1...32, p 1...16 and the memory at most 64 MiB: a hash from
        ///   elsewhere must not exhaust the process.
        public init?(logN: Int, r: Int, p: Int) {
            guard (1...20).contains(logN), (1...32).contains(r), (1...16).contains(p),
                128 * r << logN <= Self.memoryLimit
            else { return nil }
            self.logN = logN
            self.r = r
            self.p = p
        }

        private init(unchecked logN: Int, _ r: Int, _ p: Int) {
            self.logN = logN
            self.r = r
            self.p = p
        }

        /// The default cost: 32 MiB and about a tenth of a second, the most that a relay's single thread can afford for
        /// a login.
        public static let usual = Cost(unchecked: 15, 8, 1)
        fileprivate static let memoryLimit = 64 << 20
    }

    /// The number of bytes of salt to obtain from the kernel for a new password.
    public static let saltBytes = 16
    /// The maximum length of a password, in bytes of UTF-8.
    public static let passwordBytes = 1024
    private static let digestBytes = 32

    /// Hashes a password.
    /// - Parameter salt: ``saltBytes`` random bytes, for this password only.
    public init(of password: String, salt: [UInt8], cost: Cost = .usual) {
        self.cost = cost
        self.salt = salt
        digest = Self.scrypt(Self.prepared(password), salt: salt, cost: cost, count: Self.digestBytes)
    }

    /// Whether this is the password. A wrong password takes as long as the right one.
    public func matches(_ password: String) -> Bool {
        guard password.utf8.count <= Self.passwordBytes else { return false }
        let other = Self.scrypt(Self.prepared(password), salt: salt, cost: cost, count: digest.count)
        return earshot_equal(digest, other, digest.count) == 1
    }

    public var customMirror: Mirror { Mirror(self, children: ["cost": cost]) }

    /// Prepares a password as in RFC 8265 §4.2, as far as a comparison needs it: the same characters give the same
    /// bytes, however they were typed.
    static func prepared(_ password: String) -> [UInt8] {
        var text = ""
        for scalar in password.unicodeScalars {
            let isSpace = scalar.properties.generalCategory == .spaceSeparator
            text.unicodeScalars.append(isSpace ? " " : scalar)
        }
        var composed = String.UnicodeScalarView()
        composed.append(contentsOf: text._nfc)
        return Array(String(composed).utf8)
    }

    static func scrypt(_ password: [UInt8], salt: [UInt8], cost: Cost, count: Int) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: count)
        // The blocks of RFC 7914 §6, and some memory for libcrypto itself.
        let limit = UInt64(2 * Cost.memoryLimit)
        let isDone = earshot_scrypt(
            password, password.count, salt, salt.count, 1 << UInt64(cost.logN), UInt64(cost.r), UInt64(cost.p), limit,
            &digest, count)
        precondition(isDone == 1, "libcrypto lacks scrypt, or there is no memory for it")
        return digest
    }
}

/// The common text form: `$scrypt$ln=15,r=8,p=1$SALT$DIGEST`, with salt and digest in base64 without padding.
extension PasswordHash: CustomStringConvertible {
    public var description: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Base64.text(of: salt))$\(Base64.text(of: digest))"
    }

    /// Parses a hash.
    /// - Returns: Nil unless the text is in the format of ``description``, with a salt of 8...64 bytes, a digest of
    ///   16...64 bytes and an allowed cost.
    public init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard text.utf8.count <= 256, parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt",
            let cost = Self.cost(parts[2]),
            let salt = Base64.bytes(of: parts[3]), (8...64).contains(salt.count),
            let digest = Base64.bytes(of: parts[4]), (16...64).contains(digest.count)
        else { return nil }
        self.cost = cost
        self.salt = salt
        self.digest = digest
    }

    private static func cost(_ text: Substring) -> Cost? {
        let fields = text.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == 3 else { return nil }
        var numbers: [Int] = []
        for (field, name) in zip(fields, ["ln=", "r=", "p="]) {
            let digits = field.utf8.dropFirst(name.utf8.count)
            guard field.hasPrefix(name), (1...2).contains(digits.count),
                digits.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(Substring(digits))
            else { return nil }
            numbers.append(number)
        }
        return Cost(logN: numbers[0], r: numbers[1], p: numbers[2])
    }
}
