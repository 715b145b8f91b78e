import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Prints what veraPDF finds wrong in a PDF: java -cp 'lib/*' Verify.java FILE FLAVOUR..., such as ua1 or 2b. */
public class Verify {
  public static void main(String[] args) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    for (int i = 1; i < args.length; i++) {
      PDFAFlavour flavour = PDFAFlavour.fromString(args[i]);
      try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(args[0]), flavour);
          var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
        var result = validator.validate(parser);
        System.out.println(args[i] + ": " + (result.isCompliant() ? "compliant" : "not compliant") + ", " + result.getTotalAssertions() + " checks");
        for (TestAssertion a : result.getTestAssertions()) {
          System.out.println("  " + a.getRuleId().getClause() + ": " + a.getMessage());
        }
      }
    }
  }
}
