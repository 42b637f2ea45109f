import TestKit
import Testing

@testable import Secure

@Suite("Passwords stored as scrypt hashes")
struct PasswordHashTests {
    private static let salt = Array("0123456789abcdef".utf8)
    /// Cheap enough for tests.
    private static let cost = PasswordHash.Cost(logN: 4, r: 1, p: 1)!

    @Test(
        "the vectors of RFC 7914 §12 hold",
        arguments: [
            ("", "", 4, 1, 1, "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"),
            ("password", "NaCl", 10, 8, 16, "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"),
            (
                "pleaseletmein", "SodiumChloride", 14, 8, 1,
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
            ),
        ])
    func publishedVectors(
        password: String, salt: String, logN: Int, r: Int, p: Int, expected: String
    ) throws {
        let cost = try #require(PasswordHash.Cost(logN: logN, r: r, p: p))
        let digest = PasswordHash.scrypt(Array(password.utf8), salt: Array(salt.utf8), cost: cost, count: 64)
        #expect(digest.count == 64)
        #expect(Array(digest.prefix(32)).hexadecimal == expected)
    }

    @Test("only the password itself matches, in composed and decomposed form")
    func matching() {
        let hash = PasswordHash(of: "caf\u{E9} open", salt: Self.salt, cost: Self.cost)
        #expect(hash.matches("caf\u{E9} open"))
        #expect(hash.matches("cafe\u{301}\u{A0}open"))
        for wrong in ["", "cafe open", "caf\u{E9} open ", "CAF\u{C9} OPEN", String(repeating: "a", count: 2000)] {
            #expect(!hash.matches(wrong), "\(wrong.prefix(20))")
        }
    }

    @Test("the text form is that of other programs, and parses back to the same hash")
    func textForm() throws {
        let hash = PasswordHash(of: "secret", salt: Self.salt, cost: Self.cost)
        #expect("\(hash)".hasPrefix("$scrypt$ln=4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$"))
        let again = try #require(PasswordHash("\(hash)"))
        #expect(again == hash)
        #expect(again.matches("secret"))
        // Created by Python's passlib 1.7, from its documentation.
        let foreign = try #require(
            PasswordHash("$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E"))
        #expect(foreign.matches("password"))
    }

    @Test(
        "a text that is not a hash, or would cost too much to check, is rejected",
        arguments: [
            "", "secret", "$scrypt$", "$scrypt$ln=4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$", "$scrypt$ln=4,r=1$a$b",
            "$scrypt$ln=21,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=20,r=32,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=0,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=4,r=1,p=99$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=+4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=4,r=1,p=1$MDEyMzQ1Njc4OWFiY2RlZh$MDEyMzQ1Njc4OWFiY2RlZg",
            "$scrypt$ln=4,r=1,p=1$MDEy$MDEyMzQ1Njc4OWFiY2RlZg",
            "$2b$12$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZg",
        ])
    func refused(text: String) {
        #expect(PasswordHash(text) == nil)
    }

    @Test("base64 matches the vectors of RFC 4648 §10")
    func base64() {
        for (plain, coded) in [
            ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
            ("foobar", "Zm9vYmFy"),
        ] {
            #expect(Base64.text(of: Array(plain.utf8)) == coded)
            #expect(Base64.bytes(of: coded) == Array(plain.utf8))
        }
        for wrong in ["Z", "Zg==", "Zh", "Zm9vYg-", "Zm9vY"] { #expect(Base64.bytes(of: wrong) == nil) }
    }

    @Test("a hash does not show its digest when dumped")
    func neverPrinted() {
        let hash = PasswordHash(of: "secret", salt: Self.salt, cost: Self.cost)
        #expect(Mirror(reflecting: hash).children.map(\.label) == ["cost"])
    }
}
