import Config
import Testing

struct ByteCountTests {
    @Test(arguments: [
        ("5GB", 5_000_000_000), ("500 MiB", 524_288_000), ("1.5 TB", 1_500_000_000_000), ("0", 0), ("1234", 1234),
        ("12 b", 12), ("1kb", 1000), ("1 KiB", 1024), ("2gib", 2_147_483_648), ("0.5kB", 500),
        ("9007199254740993", 9_007_199_254_740_993),
    ])
    func `a size is a number with a unit`(text: String, bytes: Int) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(arguments: [
        "", " ", "GB", "5 XB", "-5GB", "5G", "1e3", ".5GB", "1.2.3GB", "9999999999 TB", "5GB more", "٥GB",
    ])
    func `anything else is no size`(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(arguments: [
        (2_000_000_000, "2GB"), (536_870_912, "512MiB"), (1234, "1234"), (0, "0"), (1000, "1kB"), (1024, "1KiB"),
    ])
    func `a size is written in its largest exact unit and reads as itself`(bytes: Int, text: String) {
        let size = ByteCount(bytes: bytes)
        #expect(size.description == text)
        #expect(ByteCount(text) == size)
    }
}
