// Reads plans with MPXJ and prints what it finds in each, a line for each thing: java -cp "lib/*" MpxjReads.java plan.xml …
import org.mpxj.ProjectFile;
import org.mpxj.Resource;
import org.mpxj.ResourceAssignment;
import org.mpxj.Task;
import org.mpxj.TimeUnit;
import org.mpxj.reader.UniversalProjectReader;

public class MpxjReads
{
   public static void main(String[] arguments) throws Exception
   {
      for (String name : arguments)
      {
         ProjectFile file = new UniversalProjectReader().read(name);
         System.out.println("file\t" + name);
         for (Task each : file.getTasks())
         {
            System.out.println("task\t" + each.getUniqueID() + "\t" + each.getName() + "\t" + each.getStart() + "\t" + each.getFinish() + "\t" + each.getPredecessors().size());
         }
         for (Resource each : file.getResources())
         {
            System.out.println("resource\t" + each.getUniqueID() + "\t" + each.getName() + "\t" + each.getType());
         }
         for (ResourceAssignment each : file.getResourceAssignments())
         {
            System.out.println("assignment\t" + each.getTaskUniqueID() + "\t" + each.getResourceUniqueID() + "\t" + Math.round(each.getWork().convertUnits(TimeUnit.MINUTES, file.getProjectProperties()).getDuration()));
         }
      }
   }
}
